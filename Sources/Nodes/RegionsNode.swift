import Operations
import Pipeline
import Raster

/// Makes objects of the connected parts of a mask and says of every other part which rule dropped it.
package struct RegionsNode: Node {
    package static let kind = "regions.extract"
    package static let title = "Objects"
    package static let help = "Joins touching pixels to objects and keeps those of the wanted size and place."
    package static let arity = Arity.manyFromOne
    static let mask = Slot<Mask>("mask", help: "True on objects.")
    static let area = Slot<Mask>("area", help: "Where objects may be; its limit is the edge that cuts them. Not connected: the frame.", isOptional: true)
    package static let regions = Slot<RegionSet>("regions", help: "Objects, and what was dropped with the rule that dropped it.")
    package static let inputs = [mask.schema, area.schema]
    package static let outputs = [regions.schema]

    package enum Unit: String, CaseIterable, Sendable { case pixels = "px", micrometres = "um" }
    package enum Neighbours: String, CaseIterable, Sendable { case four = "4", eight = "8" }

    package static let parameters: [Parameter<Self>] = [
        .number(
            \.minSize, "minSize", label: "Smallest diameter", range: 0...1e9, step: 1,
            help: "Equivalent circular diameter, in the unit below; smaller segments are dropped."),
        .number(
            \.maxSize, "maxSize", label: "Largest diameter", range: 0...1e9, step: 1,
            help: "Equivalent circular diameter, in the unit below; larger segments are dropped. 0: no limit."),
        .choice(
            \.sizeUnit, "sizeUnit", label: "Unit of both diameters", titles: [.pixels: "pixels", .micrometres: "µm"],
            help: "µm needs a pixel size; images without one then fail with that reason."),
        .choice(
            \.nested, "nested", label: "Objects inside objects",
            titles: [.outermost: "keep the outermost", .all: "keep all", .innerOnly: "keep the inner ones only"],
            help: "For example pellets inside an aggregate."),
        .choice(
            \.border, "border", label: "Objects at the edge", titles: [.keep: "keep", .flag: "keep and flag", .drop: "drop"],
            help: "Objects that the edge of the frame, or the limit of the area, cuts."),
        .choice(
            \.neighbours, "connectivity", label: "Pixels touch", titles: [.four: "at edges (4)", .eight: "at edges and corners (8)"],
            help: "With 8, a thin diagonal leg stays one object."),
        .boolean(\.fillHoles, "fillHoles", label: "Fill holes", help: "Holes become part of the object; what lies in them too."),
        .integer(
            \.padding, "padding", label: "Padding", unit: "px", range: 0...1000,
            help: "Margin around an object in its vignette. Measurements do not depend on it."),
    ]
    package var minSize = 20.0
    package var maxSize = 0.0
    package var sizeUnit = Unit.pixels
    package var nested = NestedPolicy.outermost
    package var border = BorderRule.keep
    package var neighbours = Neighbours.eight
    package var fillHoles = false
    package var padding = RegionSet.usualPadding
    package init() {}
    package var usesPixelSize: Bool { sizeUnit == .micrometres && (minSize > 0 || maxSize > 0) }

    package func run(_ values: inout SlotValues, context: NodeContext) throws {
        var scale = 1.0
        if sizeUnit == .micrometres {
            guard let size = context.source.pixelSizeMicrometres else { throw NoPixelSize(image: context.source.name) }
            scale = 1 / size
        }
        func area(ofDiameter diameter: Double) -> Double { .pi * (diameter * scale / 2) * (diameter * scale / 2) }
        // An area of a whole number of pixels is at least the limit when it is at least the limit rounded up.
        let least = min(area(ofDiameter: minSize), 1e15).rounded(.up)
        let most = min(area(ofDiameter: maxSize), 1e15).rounded(.down)
        let rules = RegionRules(
            connectivity: neighbours == .four ? .four : .eight, minArea: max(1, Int(least)), maxArea: maxSize > 0 ? Int(most) : nil,
            nested: nested, border: border)
        var mask = fillHoles ? values[Self.mask].filledHoles(background: neighbours == .four ? .eight : .four) : values[Self.mask]
        let area = values.optional(Self.area)?.ifRestricting
        if let area { mask = Mask(bounds: mask.bounds, sortedRuns: mask.intersection(area).runs) }
        try context.checkCancelled()
        values[Self.regions] = RegionSet(
            frame: mask.bounds,
            segments: mask.regions(rules, area: area).map {
                Segment(
                    mask: $0.mask, parent: $0.parent, innerCount: $0.innerCount, touches: $0.touches,
                    rejectedBy: $0.reject?.rawValue)
            }, padding: padding)
    }
}

/// Sizes are wanted in µm and nobody said how large a pixel is.
package struct NoPixelSize: Error, Equatable, CustomStringConvertible {
    package let image: String
    package init(image: String) { self.image = image }
    package var description: String {
        "\(image) has no pixel size, so sizes in µm cannot be applied; enter the pixel size, or give the sizes in pixels"
    }
}
