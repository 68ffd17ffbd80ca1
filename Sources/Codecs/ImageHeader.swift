package enum ImageFormat: String, Sendable, Codable {
    case jpeg, png, tiff

    /// Format that the ending of a file's name asks for, in capitals or not; nil when it is none of .jpg .jpeg .png .tif .tiff.
    package init?(ending path: String) {
        switch path.split(separator: "/").last?.split(separator: ".", omittingEmptySubsequences: false).dropFirst().last?.lowercased() {
        case "jpg", "jpeg": self = .jpeg
        case "png": self = .png
        case "tif", "tiff": self = .tiff
        default: return nil
        }
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
    /// As the file states it; how far to trust it says ``Resolution/pixelSize`` (72 per inch is mostly an empty default).
    package var resolution: Resolution?
    /// How pixels differ from what the file stores, a sentence each.
    package var notes: [String] = []

    package init(width: Int, height: Int, channels: Int, bitsPerSample: Int, format: ImageFormat, pages: Int = 1) {
        (self.width, self.height, self.channels, self.bitsPerSample, self.format, self.pages) = (width, height, channels, bitsPerSample, format, pages)
    }

    /// Bytes of one row as `readRows` writes it.
    package var rowBytes: Int { width * channels * bitsPerSample / 8 }
    package var pixelBytes: Int { rowBytes * height }
}
