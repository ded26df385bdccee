package com.example.petclinic.owner;

import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

@Repository
class OwnerRepository {

    private static final String BY_LAST_NAME = """
            SELECT first_name, last_name, city, telephone, LISTAGG(pets.name, ', ') WITHIN GROUP (ORDER BY pets.name) AS pets
            FROM owners LEFT JOIN pets ON pets.owner_id = owners.id
            WHERE last_name LIKE :start || '%'
            GROUP BY owners.id
            ORDER BY last_name, first_name
            """;

    private final JdbcClient database;

    OwnerRepository(JdbcClient database) {
        this.database = database;
    }

    List<Owner> findByLastName(String start) {
        return database.sql(BY_LAST_NAME).param("start", start).query(Owner.class).list();
    }
}
