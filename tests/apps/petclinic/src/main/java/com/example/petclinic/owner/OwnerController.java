package com.example.petclinic.owner;

import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;

@Controller
class OwnerController {

    private final OwnerRepository owners;

    OwnerController(OwnerRepository owners) {
        this.owners = owners;
    }

    @GetMapping("/owners")
    String list(@RequestParam(defaultValue = "") String lastName, Model model) {
        model.addAttribute("owners", owners.findByLastName(lastName));
        return "owners";
    }
}
