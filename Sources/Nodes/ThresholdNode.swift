import Operations
import Pipeline
import Raster

/// Splits gray values into foreground and background: at one level, at a level that follows the surroundings, or at two levels.
package struct ThresholdNode: Node {
    package static let kind = "segment.threshold"
    package static let title = "Threshold"
    package static let help = "Marks what is darker (or brighter) than a gray level, or than its surroundings."
    static let gray = Slot<GrayImage>("gray", help: "The image to split.")
    static let area = Slot<Mask>("area", help: "Only pixels in it count, for levels and averages too. Not connected: all.", isOptional: true)
    package static let mask = Slot<Mask>("mask", help: "True on objects.")
    package static let inputs = [gray.schema, area.schema]
    package static let outputs = [mask.schema]

    package enum Method: String, CaseIterable, Sendable { case otsu, triangle, quantile, fixed, local, hysteresis }
    package enum Polarity: String, CaseIterable, Sendable { case dark, bright }

    package static let parameters: [Parameter<Self>] = [
        .choice(
            \.method, "method", label: "Method",
            titles: [
                .otsu: "Otsu", .triangle: "Triangle", .quantile: "Quantile", .fixed: "Fixed level", .local: "Local average", .hysteresis: "Two levels (hysteresis)",
            ],
            help: "Otsu suits clear contrast, triangle few small objects on an even background, a local average uneven light, two levels objects with faint ends."),
        .choice(
            \.polarity, "polarity", label: "Objects are", titles: [.dark: "darker than the background", .bright: "brighter than the background"],
            help: "Bright field: darker. Dark field and fluorescence: brighter."),
        .integer(\.level, "level", label: "Level", unit: "gray", range: 0...65535, help: "Values up to it are dark.")
            .applies(when: "method", "fixed"),
        .number(
            \.quantile, "quantile", label: "Quantile", range: 0...1, step: 0.001, help: "Share of the pixels that is dark.")
            .applies(when: "method", "quantile"),
        .choice(
            \.average, "average", label: "Average", titles: [.mean: "mean", .gaussian: "Gaussian", .median: "median"],
            help: "Of the block around each pixel. A median does not follow small objects; a Gaussian has no corners.")
            .applies(when: "method", "local"),
        .integer(
            \.block, "block", label: "Block", unit: "px", range: 3...4095, step: 2, help: "Side of the square around each pixel; larger than the objects, smaller than the shadows.")
            .applies(when: "method", "local"),
        .integer(\.low, "low", label: "Lower level", unit: "gray", range: 0...65535, help: "Dark objects begin up to it; bright ones grow down to it.")
            .applies(when: "method", "hysteresis"),
        .integer(\.high, "high", label: "Upper level", unit: "gray", range: 0...65535, help: "Dark objects grow up to it; bright ones begin above it.")
            .applies(when: "method", "hysteresis"),
        .choice(
            \.neighbours, "connectivity", label: "Grow across", titles: [.four: "edges (4)", .eight: "edges and corners (8)"],
            help: "Whether pixels that touch at corners hang together.")
            .applies(when: "method", "hysteresis"),
        .number(
            \.offset, "offset", label: "Offset", unit: "gray", range: -65535...65535, step: 1,
            help: "Added to the level that the method finds.")
            .applies(when: "method", "otsu", "triangle", "quantile", "fixed", "local"),
    ]
    package var method = Method.otsu
    package var polarity = Polarity.dark
    package var level = 128
    package var quantile = 0.05
    package var average = LocalAverage.mean
    package var block = 51
    package var low = 100
    package var high = 160
    package var neighbours = RegionsNode.Neighbours.eight
    package var offset = 0.0
    package init() {}

    package var reach: Reach {
        switch method {
        case .fixed: .halo(0)
        // A Gaussian is cut at 4 σ, which is 2/3 of the block, and wide ones are made of smaller pictures.
        case .local: .halo(average == .gaussian ? block : block / 2)
        case .otsu, .triangle, .quantile, .hysteresis: .wholeImage
        }
    }

    package func run(_ values: inout SlotValues, context: NodeContext) throws {
        let area = values.optional(Self.area)?.ifRestricting
        let mask: Mask
        switch values[Self.gray] {
        case .bits8(let image):
            mask = switch method {
            case .local: try local(area.map(image.extended(beyond:)) ?? image)
            case .hysteresis: hysteresis(area) { $0 == .dark ? image.mask(darkerThanOrEqual: UInt8(clamping: $1)) : image.mask(brighterThan: UInt8(clamping: $1)) }
            default: split(image, level(of: area.map(image.histogram(under:)) ?? image.histogram()))
            }
        case .bits16(let image):
            mask = switch method {
            case .local: try local(area.map(image.extended(beyond:)) ?? image)
            case .hysteresis: hysteresis(area) { $0 == .dark ? image.mask(darkerThanOrEqual: UInt16(clamping: $1)) : image.mask(brighterThan: UInt16(clamping: $1)) }
            default: split(image, level(of: area.map(image.histogram(under:)) ?? image.histogram()))
            }
        }
        values[Self.mask] = area.map { Mask(bounds: mask.bounds, sortedRuns: mask.intersection($0).runs) } ?? mask
    }

    /// Level that splits the pixels; nil when a blank image has nothing to split, so that it gives no objects.
    private func level(of histogram: Histogram) -> Int? {
        let found: Int? =
            switch method {
            case .otsu: histogram.isConstant ? nil : histogram.otsuLevel()
            case .triangle: histogram.isConstant ? nil : histogram.triangleLevel()
            case .quantile: histogram.quantile(quantile).map { Int($0.rounded(.down)) }
            case .fixed: level
            case .local, .hysteresis: nil
            }
        return found.map { $0 + Int(offset.rounded()) }
    }

    private func split(_ image: Image<UInt8>, _ level: Int?) -> Mask {
        guard let level else { return Mask(bounds: image.bounds, sortedRuns: []) }
        if level < 0 { return polarity == .dark ? Mask(bounds: image.bounds, sortedRuns: []) : .full(image.bounds) }
        return polarity == .dark ? image.mask(darkerThanOrEqual: UInt8(clamping: level)) : image.mask(brighterThan: UInt8(clamping: level))
    }

    private func split(_ image: Image<UInt16>, _ level: Int?) -> Mask {
        guard let level else { return Mask(bounds: image.bounds, sortedRuns: []) }
        if level < 0 { return polarity == .dark ? Mask(bounds: image.bounds, sortedRuns: []) : .full(image.bounds) }
        return polarity == .dark ? image.mask(darkerThanOrEqual: UInt16(clamping: level)) : image.mask(brighterThan: UInt16(clamping: level))
    }

    // The operation takes its offset off the average.
    private func local(_ image: Image<UInt8>) throws -> Mask {
        polarity == .dark
            ? try image.mask(darkerThanLocal: average, block: block, offset: -offset) : try image.mask(brighterThanLocal: average, block: block, offset: -offset)
    }

    private func local(_ image: Image<UInt16>) throws -> Mask {
        polarity == .dark
            ? try image.mask(darkerThanLocal: average, block: block, offset: -offset) : try image.mask(brighterThanLocal: average, block: block, offset: -offset)
    }

    /// Pixels beyond the lenient level that hang together, inside the area, with one beyond the strict level; whichever field holds which.
    private func hysteresis(_ area: Mask?, _ split: (Polarity, Int) -> Mask) -> Mask {
        let (lower, upper) = (min(low, high), max(low, high))
        let (strict, lenient) = (split(polarity, polarity == .dark ? lower : upper), split(polarity, polarity == .dark ? upper : lower))
        let inside = area.map { Mask(bounds: lenient.bounds, sortedRuns: lenient.intersection($0).runs) } ?? lenient
        return inside.components(touching: area.map(strict.intersection) ?? strict, connectivity: neighbours == .four ? .four : .eight)
    }
}

extension Histogram {
    /// All pixels, if any, have one value.
    fileprivate var isConstant: Bool { counts.lazy.filter { $0 > 0 }.prefix(2).count < 2 }
}
