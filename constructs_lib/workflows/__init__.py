"""State machines, what starts them, and whom they tell."""
