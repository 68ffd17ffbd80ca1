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

    /// Micrometres per pixel along x and y, whatever the numbers are worth.
    package var pixelSizeMicrometres: (x: Double, y: Double) { (unit.micrometres / x, unit.micrometres / y) }

    /// Of a picture whose rows became columns.
    var turned: Resolution { Resolution(x: y, y: x, unit: unit, source: source) }

    /// Pixels per another unit.
    func per(_ other: Unit) -> (x: Double, y: Double) {
        (x * other.micrometres / unit.micrometres, y * other.micrometres / unit.micrometres)
    }

    /// Nearest whole numbers per another unit, as PNG and JFIF store them; nil outside 1 ... `most`.
    func whole(per other: Unit, most: UInt32) -> (x: UInt32, y: UInt32, isExact: Bool)? {
        let (x, y) = per(other)
        let (across, down) = (x.rounded(), y.rounded())
        guard across >= 1, down >= 1, across <= Double(most), down <= Double(most) else { return nil }
        return (UInt32(across), UInt32(down), abs(x - across) <= 1e-9 * x && abs(y - down) <= 1e-9 * y)
    }
}
