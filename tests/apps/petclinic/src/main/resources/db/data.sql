INSERT INTO owners (first_name, last_name, city, telephone) VALUES
  ('Ada', 'Byrne', 'Galway', '555 0101'),
  ('Bruno', 'Conti', 'Turin', '555 0102'),
  ('Carla', 'Dupont', 'Lyon', '555 0103'),
  ('Dario', 'Egger', 'Basel', '555 0104'),
  ('Elsa', 'Falk', 'Malmo', '555 0105');

INSERT INTO pets (name, birth_date, kind, owner_id) VALUES
  ('Mimi', '2019-09-07', 'cat', 1),
  ('Rufus', '2020-08-06', 'dog', 2),
  ('Nero', '2018-04-17', 'dog', 3),
  ('Jade', '2021-03-07', 'cat', 3),
  ('Iggy', '2022-11-30', 'lizard', 4),
  ('Pico', '2020-01-20', 'bird', 5);
