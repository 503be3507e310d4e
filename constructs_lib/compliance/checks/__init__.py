"""The rules of the Overread pack, by subject. Each looks at synthesized templates as plain data; none needs a construct."""
