/// Pixels per unit of length as a file states them.
package struct Resolution: Sendable, Equatable {
    package enum Unit: String, Sendable {
        case inch, centimetre, metre, millimetre, micrometre
        /// Length of the unit in micrometres.
        package var micrometres: Double {
            switch self {
            case .inch: 25_400
            case .centimetre: 10_000
            case .metre: 1_000_000
            case .millimetre: 1_000
            case .micrometre: 1
            }
        }
    }

    /// Where in the file the numbers stand.
    package enum Source: String, Sendable {
        case exif, jfif, png, tiff
        /// Description that ImageJ or a writer of OME-TIFF left in the file.
        case imageJ, ome
    }

    package var x: Double
    package var y: Double
    package var unit: Unit
    package var source: Source

    package init(x: Double, y: Double, unit: Unit, source: Source) {
        (self.x, self.y, self.unit, self.source) = (x, y, unit, source)
    }
}
