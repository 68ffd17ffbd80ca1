/// Edge of a pixel in micrometres and where that number comes from.
package struct PixelSize: Sendable, Equatable {
    package var micrometres: Double
    package var source: Resolution.Source

    package init(micrometres: Double, source: Resolution.Source) {
        (self.micrometres, self.source) = (micrometres, source)
    }

    /// Densities that cameras and programs write when they know no scale, in dots per inch: sizes for printing, not
    /// calibrations. 1.5 % around each also covers their
    /// roundings to centimetres and metres (28/cm, 2835/m …).
    package static let printDensities: [Double] = [72, 96, 100, 120, 150, 180, 200, 220, 240, 300, 350, 360]

    /// Range that makes sense for a picture: 1 nm (electron microscope) to 10 mm.
    package static let plausible: ClosedRange<Double> = 0.001...10_000
}

extension Resolution {
    package enum PixelSizeVerdict: Sendable, Equatable {
        case size(PixelSize)
        /// The numbers cannot be a calibration; the sentence says why and what to do.
        case unusable(String)
    }

    /// Pixel size that these densities state, or why they state none.
    ///
    /// A number that only says how large to print is not taken: measurements without a scale are left empty rather
    /// than made up. ImageJ and OME state a calibration on purpose, so of them every number is taken.
    package var pixelSize: PixelSizeVerdict {
        guard x.isFinite, y.isFinite, x > 0, y > 0 else {
            return .unusable("The file's resolution is not a positive number. Enter the pixel size by hand.")
        }
        let isCalibration = source == .imageJ || source == .ome
        guard abs(x - y) <= 0.005 * max(x, y) else {
            return .unusable(
                "The file states \(Self.short(x)) pixels per \(unit.rawValue) across but \(Self.short(y)) down. "
                    + "Pixels that are not square have no single size; enter the pixel size by hand.")
        }
        let micrometres = unit.micrometres / x
        guard PixelSize.plausible.contains(micrometres) else {
            return .unusable(
                "The file's resolution means \(Self.short(micrometres)) µm per pixel, which no microscope or camera has. "
                    + "Enter the pixel size by hand.")
        }
        let perInch = 25_400 / micrometres
        if !isCalibration, PixelSize.printDensities.contains(where: { abs(perInch - $0) <= 0.015 * $0 }) || perInch < 30 {
            return .unusable(
                "The file states \(Self.short(perInch.rounded())) dots per inch, a print size that programs write when they "
                    + "know no scale. If it is true, enter \(Self.short(micrometres)) µm as the pixel size.")
        }
        return .size(PixelSize(micrometres: micrometres, source: source))
    }

    /// A number in at most five digits.
    private static func short(_ number: Double) -> String {
        guard number.isFinite, abs(number) < 1e9, abs(number) >= 1e-4 else { return "\(number)" }
        var scale = 1.0
        while abs(number) * scale < 1e4, scale < 1e6 { scale *= 10 }
        let rounded = (number * scale).rounded() / scale
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }
}
