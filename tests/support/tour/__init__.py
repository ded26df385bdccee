"""Pictures for the documents, drawn from what the programs really say: a recording, and pages in Concourse's look."""
