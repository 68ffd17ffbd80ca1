import Raster

/// A bar that shows a length, and what is written beside it.
public struct ScaleBar: Sendable, Hashable {
    /// Length that the bar stands for.
    public let micrometres: Double
    /// Its length in the picture, to the nearest pixel.
    public let pixels: Int
    /// `200 µm`, `1 mm`.
    public let label: String

    /// No picture that anything reads is wider.
    public static let mostPixels = 32_000

    /// A bar of the longest of 1, 2, 5, 10, 20, 50 … nm that is at most so wide.
    ///
    /// - Parameter pixelSize: edge length of a pixel in µm.
    /// - Returns: nil when not even the shortest is wide enough to be seen, or the pixel size is no length.
    public init?(fitting width: Int, pixelSize: Double) {
        guard pixelSize > 0, pixelSize.isFinite else { return nil }
        var nanometres = 1
        var best: Int?
        while nanometres < 1_000_000_000_000_000 {
            for step in [1, 2, 5] where Double(nanometres * step) / 1000 / pixelSize <= Double(width) { best = nanometres * step }
            nanometres *= 10
        }
        guard let best else { return nil }
        self.init(micrometres: Double(best) / 1000, pixelSize: pixelSize)
    }

    /// - Returns: nil when the bar would be shorter than half a pixel or longer than `mostPixels`.
    public init?(micrometres: Double, pixelSize: Double) {
        guard pixelSize > 0, pixelSize.isFinite, micrometres > 0, (0.5...Double(Self.mostPixels)).contains(micrometres / pixelSize) else { return nil }
        self.micrometres = micrometres
        pixels = Int((micrometres / pixelSize).rounded())
        let (unit, size) = [("km", 1e9), ("m", 1e6), ("mm", 1e3)].first { micrometres >= $0.1 } ?? ("µm", 1)
        // Three digits after the point say all that a length typed by a person does.
        let value = (micrometres / size * 1000).rounded() / 1000
        label = "\(value == value.rounded() ? "\(Int(value))" : "\(value)") \(unit)"
    }

    /// The bar with its label above it, in a strip that is added below a picture.
    public struct Drawing: Sendable, Hashable {
        public let width: Int
        public let height: Int
        public let text: Mask
        public let bar: Mask
    }

    /// - Parameters:
    ///   - scale: pixels for one pixel of the font; with 2 the strip is 31 pixels high, as in ZooProcess's vignettes.
    ///   - margin: left and right of bar and label.
    public func drawing(scale: Int, margin: Int) -> Drawing {
        let text = PixelFont.mask(of: label, scale: scale)
        let (width, height) = (max(text.bounds.width, pixels) + 2 * margin, 15 * scale + 1)
        let box = Rect(x: 0, y: 0, width: width, height: height)
        let top = scale + PixelFont.height * scale + max(2, scale + scale / 2)
        let rows = (top..<(top + max(1, scale + scale / 2))).map { Run(y: $0, first: margin, last: margin + pixels - 1) }
        return Drawing(
            width: width, height: height, text: Mask(bounds: box, sortedRuns: text.translated(x: margin, y: scale + 1).runs),
            bar: Mask(bounds: box, sortedRuns: rows))
    }
}
