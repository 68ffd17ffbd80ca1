// Pyramid
