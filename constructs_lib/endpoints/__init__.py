"""Where models answer: four kinds of endpoint behind one interface. ``build`` makes the one that the settings ask for."""
