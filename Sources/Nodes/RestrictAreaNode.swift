import Operations
import Pipeline
import Raster

/// Says which part of each image counts. What was drawn on one image goes before the parameters.
package struct RestrictAreaNode: Node {
    package static let kind = "restrict.area"
    package static let title = "Restrict area"
    package static let help = "Leaves out what lies outside: a tray's rim, the dark around a round field, a label. It is background for all that follows."
    static let image = Slot<AnyImage>("image", help: "The frame in which the area lies.")
    package static let area = Slot<Mask>("area", help: "True inside.")
    package static let inputs = [image.schema]
    package static let outputs = [area.schema]

    package enum Method: String, CaseIterable, Sendable { case whole, rectangle, polygon, frame }

    package static let parameters: [Parameter<Self>] = [
        .choice(
            \.method, "method", label: "Area",
            titles: [.whole: "Whole image", .rectangle: "Rectangle", .polygon: "Drawn outline", .frame: "Found by itself"],
            help: "An area drawn on a single image in the viewer goes before this one."),
        .integer(\.left, "left", label: "Left", unit: "px", range: 0...10_000_000, help: "Pixels left out at the left.")
            .applies(when: "method", "rectangle"),
        .integer(\.top, "top", label: "Top", unit: "px", range: 0...10_000_000, help: "Pixels left out at the top.")
            .applies(when: "method", "rectangle"),
        .integer(\.width, "width", label: "Width", unit: "px", range: 0...10_000_000, help: "0: up to the right edge.")
            .applies(when: "method", "rectangle"),
        .integer(\.height, "height", label: "Height", unit: "px", range: 0...10_000_000, help: "0: down to the lower edge.")
            .applies(when: "method", "rectangle"),
        .text(\.outline, "outline", label: "Outline", maxLength: 400_000, help: "GeoJSON Polygon in image pixels; the viewer draws it (key A).")
            .applies(when: "method", "polygon"),
        .integer(
            \.margin, "margin", label: "Margin", unit: "px", range: 0...10_000,
            help: "Kept off the rim that was found, for its shadow. Images without a rim count whole.")
            .applies(when: "method", "frame"),
    ]
    package var method = Method.whole
    package var left = 0
    package var top = 0
    package var width = 0
    package var height = 0
    package var outline = ""
    package var margin = 4
    package init() {}
    package var usesArea: Bool { true }

    package func run(_ values: inout SlotValues, context: NodeContext) throws {
        let image = values[Self.image]
        let bounds = image.bounds
        // Areas are given in pixels of the whole image.
        let place = context.source.part ?? bounds
        let mask =
            try knownMask(in: place, drawn: context.source.area)?.translated(x: -place.x, y: -place.y)
            ?? Self.frame(in: image)?.mask(in: bounds, margin: margin) ?? .full(bounds)
        guard !mask.isEmpty || bounds.isEmpty || context.source.part != nil else {
            throw AreaError("the area of \(context.source.name) lies outside of its \(bounds.width) × \(bounds.height) pixels; draw it again")
        }
        values[Self.area] = mask
    }

    /// The area as it is known without looking at pixels.
    /// - Returns: nil where the pixels decide.
    package func knownMask(in frame: Rect, drawn: String?) throws(AreaError) -> Mask? {
        if let shape = try shape(drawn: drawn) { return shape.mask(in: frame) }
        switch method {
        case .whole, .polygon: return .full(frame)
        case .rectangle: return Mask(bounds: frame, sortedRuns: Mask.full(box(in: frame)).runs)
        case .frame: return nil
        }
    }

    /// The rectangle, as far as it lies inside.
    package func box(in bounds: Rect) -> Rect {
        Rect(x: left, y: top, width: width > 0 ? width : max(0, bounds.maxX - left), height: height > 0 ? height : max(0, bounds.maxY - top))
            .intersection(bounds)
    }

    /// The outline that counts, when one was drawn: on the image, or for all.
    package func shape(drawn: String?) throws(AreaError) -> AreaShape? {
        if let drawn { return try AreaShape(text: drawn) }
        return method == .polygon ? try AreaShape(text: outline) : nil
    }

    /// The rim that the image shows; nil without one.
    package static func frame(in image: AnyImage) -> FoundFrame? {
        switch image {
        case .gray8(let image): image.foundFrame()
        case .color8(let image): image.gray().foundFrame()
        case .gray16, .color16:
            if case .gray8(let narrow) = AnyImage.gray16(image.gray16()).eightBit() { narrow.foundFrame() } else { nil }
        }
    }
}

extension Mask {
    /// Nil when nothing is left out, so that nodes can do without.
    var ifRestricting: Mask? { area == bounds.area ? nil : self }
}
