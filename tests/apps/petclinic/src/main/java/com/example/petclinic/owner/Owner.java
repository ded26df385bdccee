package com.example.petclinic.owner;

public record Owner(String firstName, String lastName, String city, String telephone, String pets) {

    public String fullName() {
        return firstName + " " + lastName;
    }
}
