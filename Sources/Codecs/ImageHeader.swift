package enum ImageFormat: String, Sendable, Codable { case jpeg, png, tiff }

/// Resolution as the file states it; how far to trust it is up to the caller (72 per inch is mostly an empty default).
package struct ImageResolution: Sendable, Equatable {
    package enum Unit: String, Sendable { case none, inch, centimetre, metre }
    /// Pixels per unit along x and y.
    package var x: Double
    package var y: Double
    package var unit: Unit

    package init(x: Double, y: Double, unit: Unit) { (self.x, self.y, self.unit) = (x, y, unit) }

    /// Micrometres per pixel along x and y; nil without a unit of length.
    package var pixelSizeMicrometres: (x: Double, y: Double)? {
        let micrometres: Double
        switch unit {
        case .none: return nil
        case .inch: micrometres = 25_400
        case .centimetre: micrometres = 10_000
        case .metre: micrometres = 1_000_000
        }
        return (micrometres / x, micrometres / y)
    }
}

/// What a file says about one of its pages, as rows and pixels will come out of it.
package struct ImageHeader: Sendable, Equatable {
    package var width: Int
    package var height: Int
    /// 1 gray, 3 blue green red.
    package var channels: Int
    /// 8 or 16. Files of 9 to 15 bits give 16 with their values unchanged, files of fewer than 8 bits are spread to 0 ... 255.
    package var bitsPerSample: Int
    package var format: ImageFormat
    package var pages: Int = 1
    /// Transparency was composed on white.
    package var hadAlpha = false
    package var resolution: ImageResolution?
    /// How pixels differ from what the file stores, a sentence each.
    package var notes: [String] = []

    /// Bytes of one row as `readRows` writes it.
    package var rowBytes: Int { width * channels * bitsPerSample / 8 }
    package var pixelBytes: Int { rowBytes * height }
}
