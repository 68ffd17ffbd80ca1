/// Version of the program; stored with every result and written into every export.
package let shipVersion = "0.1.0"
