import Operations
import Pipeline
import Raster

/// Measures colour and focus of every object.
package struct ColorNode: Node {
    package static let kind = "measure.color"
    package static let title = "Colour and focus"
    package static let help = "Mean and deviation of blue, green, red, hue, saturation and value under each object's mask, and how sharp it is."
    static let regions = Slot<RegionSet>("regions", help: "The objects.")
    static let image = Slot<AnyImage>("image", help: "The image whose colours are measured; a gray one has equal blue, green and red.")
    package static let measurements = Slot<MeasurementTable>("measurements", help: "One row an object.")
    package static let inputs = [regions.schema, image.schema]
    package static let outputs = [measurements.schema]
    package static let parameters: [Parameter<Self>] = []
    package init() {}

    package func run(_ values: inout SlotValues, context: NodeContext) throws {
        let image = values[Self.image]
        let noColor = [Double?](repeating: nil, count: ColorMeasures.columns.count)
        let noFocus = [Double?](repeating: nil, count: FocusMeasures.columns.count)
        values[Self.measurements] = try MeasurementTable(MeasureGroup.color.columns, of: values[Self.regions], context) { mask in
            // Only what lies under masks becomes gray, which of most frames is little.
            let box = mask.boundingBox.intersection(image.bounds)
            let focus: FocusMeasures? =
                switch image {
                case .gray8(let image): FocusMeasures(mask, image: image)
                case .gray16(let image): FocusMeasures(mask, image: image)
                case .color8(let image): box.isEmpty ? nil : FocusMeasures(mask.translated(x: -box.x, y: -box.y), image: image.cropped(to: box).gray())
                case .color16(let image): box.isEmpty ? nil : FocusMeasures(mask.translated(x: -box.x, y: -box.y), image: image.cropped(to: box).gray())
                }
            return (ColorMeasures(mask, image: image)?.values() ?? noColor) + (focus?.values() ?? noFocus)
        }
    }
}
