import Operations
import Pipeline
import Raster

/// Measures the gray values under every object.
package struct GrayMeasuresNode: Node {
    package static let kind = "measure.gray"
    package static let title = "Gray levels"
    package static let help = "Mean, spread and distribution of the gray values under each object's mask."
    static let regions = Slot<RegionSet>("regions", help: "The objects.")
    static let gray = Slot<GrayImage>("gray", help: "The image whose values are measured.")
    package static let measurements = Slot<MeasurementTable>("measurements", help: "One row an object.")
    package static let inputs = [regions.schema, gray.schema]
    package static let outputs = [measurements.schema]
    package static let parameters: [Parameter<Self>] = [
        .boolean(\.moments, "moments", label: "Quantiles and moments too", help: "Adds the levels of 1, 10, 90 and 99 %, and moments weighted by gray level.")
    ]
    package var moments = false
    package init() {}

    package func run(_ values: inout SlotValues, context: NodeContext) throws {
        let image = values[Self.gray]
        let columns = GrayMeasures.columns + (moments ? GrayQuantiles.columns + WeightedMoments.columns : [])
        values[Self.measurements] = try MeasurementTable(columns, of: values[Self.regions], context) { mask in
            var (gray, quantiles, weighted): ([Double?]?, [Double?]?, [Double?]?)
            switch image {
            case .bits8(let image):
                gray = GrayMeasures(mask, image: image)?.values()
                if moments { (quantiles, weighted) = (GrayQuantiles(mask, image: image)?.values(), WeightedMoments(mask, image: image)?.values()) }
            case .bits16(let image):
                gray = GrayMeasures(mask, image: image)?.values()
                if moments { (quantiles, weighted) = (GrayQuantiles(mask, image: image)?.values(), WeightedMoments(mask, image: image)?.values()) }
            }
            let all = gray ?? GrayMeasures.columns.map { _ in nil }
            guard moments else { return all }
            return all + (quantiles ?? GrayQuantiles.columns.map { _ in nil }) + (weighted ?? WeightedMoments.columns.map { _ in nil })
        }
    }
}
