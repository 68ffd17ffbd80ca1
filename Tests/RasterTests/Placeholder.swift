// holds the place
