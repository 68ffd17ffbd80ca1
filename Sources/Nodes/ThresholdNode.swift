import Operations
import Pipeline
import Raster

/// Splits gray values into foreground and background at one level.
package struct ThresholdNode: Node {
    package static let kind = "segment.threshold"
    package static let title = "Threshold"
    package static let help = "Marks what is darker (or brighter) than one gray level."
    static let gray = Slot<GrayImage>("gray", help: "The image to split.")
    static let area = Slot<Mask>("area", help: "Only pixels in it count, for the level too. Not connected: all.", isOptional: true)
    package static let mask = Slot<Mask>("mask", help: "True on objects.")
    package static let inputs = [gray.schema, area.schema]
    package static let outputs = [mask.schema]

    package enum Method: String, CaseIterable, Sendable { case otsu, triangle, quantile, fixed }
    package enum Polarity: String, CaseIterable, Sendable { case dark, bright }

    package static let parameters: [Parameter<Self>] = [
        .choice(
            \.method, "method", label: "Method",
            titles: [.otsu: "Otsu", .triangle: "Triangle", .quantile: "Quantile", .fixed: "Fixed level"],
            help: "Otsu suits clear contrast, triangle few small objects on an even background."),
        .choice(
            \.polarity, "polarity", label: "Objects are", titles: [.dark: "darker than the background", .bright: "brighter than the background"],
            help: "Bright field: darker. Dark field and fluorescence: brighter."),
        .integer(\.level, "level", label: "Level", unit: "gray", range: 0...65535, help: "Values up to it are dark.")
            .applies(when: "method", "fixed"),
        .number(
            \.quantile, "quantile", label: "Quantile", range: 0...1, step: 0.001, help: "Share of the pixels that is dark.")
            .applies(when: "method", "quantile"),
        .number(
            \.offset, "offset", label: "Offset", unit: "gray", range: -65535...65535, step: 1,
            help: "Added to the level that the method finds."),
    ]
    package var method = Method.otsu
    package var polarity = Polarity.dark
    package var level = 128
    package var quantile = 0.05
    package var offset = 0.0
    package init() {}

    package func run(_ values: inout SlotValues, context: NodeContext) throws {
        let area = values.optional(Self.area)?.ifRestricting
        defer { if let area { values[Self.mask] = Mask(bounds: values[Self.mask].bounds, sortedRuns: values[Self.mask].intersection(area).runs) } }
        switch values[Self.gray] {
        case .bits8(let image):
            guard let level = level(of: area.map(image.histogram(under:)) ?? image.histogram()) else {
                return values[Self.mask] = Mask(bounds: image.bounds, sortedRuns: [])
            }
            values[Self.mask] =
                polarity == .dark
                ? (level < 0 ? Mask(bounds: image.bounds, sortedRuns: []) : image.mask(darkerThanOrEqual: UInt8(clamping: level)))
                : (level < 0 ? .full(image.bounds) : image.mask(brighterThan: UInt8(clamping: level)))
        case .bits16(let image):
            guard let level = level(of: area.map(image.histogram(under:)) ?? image.histogram()) else {
                return values[Self.mask] = Mask(bounds: image.bounds, sortedRuns: [])
            }
            values[Self.mask] =
                polarity == .dark
                ? (level < 0 ? Mask(bounds: image.bounds, sortedRuns: []) : image.mask(darkerThanOrEqual: UInt16(clamping: level)))
                : (level < 0 ? .full(image.bounds) : image.mask(brighterThan: UInt16(clamping: level)))
        }
    }

    /// Level that splits the pixels; nil when a blank image has nothing to split, so that it gives no objects.
    private func level(of histogram: Histogram) -> Int? {
        let found: Int? =
            switch method {
            case .otsu: histogram.isConstant ? nil : histogram.otsuLevel()
            case .triangle: histogram.isConstant ? nil : histogram.triangleLevel()
            case .quantile: histogram.quantile(quantile).map { Int($0.rounded(.down)) }
            case .fixed: level
            }
        return found.map { $0 + Int(offset.rounded()) }
    }
}

extension Histogram {
    /// All pixels, if any, have one value.
    fileprivate var isConstant: Bool { counts.lazy.filter { $0 > 0 }.prefix(2).count < 2 }
}
