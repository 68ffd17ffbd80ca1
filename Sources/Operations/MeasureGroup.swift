/// Sets of measures that are chosen together; the raw value is the word people type.
public enum MeasureGroup: String, CaseIterable, Sendable, Codable {
    case shape, gray, zooprocess, color, texture

    public var title: String {
        switch self {
        case .shape: "Shape and moments"
        case .gray: "Gray levels"
        case .zooprocess: "ZooProcess"
        case .color: "Colour and focus"
        case .texture: "Texture"
        }
    }

    public var help: String {
        switch self {
        case .shape: "Area, axes, perimeters, Feret diameters, inertia and moments of the mask, by scikit-image's definitions."
        case .gray: "Mean, spread, distribution and weighted moments of the gray levels under the mask."
        case .zooprocess: "The measures of ZooProcess (ImageJ) under its own names, over the mask with its holes filled."
        case .color: "Mean and deviation of blue, green, red, hue, saturation and value, and how sharp the picture is under the mask."
        case .texture: "Haralick's features and local binary patterns of the gray levels under the mask."
        }
    }

    /// Columns of the group, names unique in it. Texture has its standard parameters.
    public var columns: [MeasureColumn] {
        switch self {
        case .shape: ShapeMeasures.columns + MomentMeasures.columns
        case .gray: GrayMeasures.columns + GrayQuantiles.columns + WeightedMoments.columns
        case .zooprocess: ZooProcessMeasures.columns
        case .color: ColorMeasures.columns + FocusMeasures.columns
        case .texture: Haralick.columns + LocalBinaryPatterns.columns
        }
    }

    /// ZooProcess's columns as they are called where other groups stand beside them.
    ///
    /// Some of its names are scikit-image's for something else (`area`, with and without holes); these get `zooprocess_` before them.
    public static let distinctZooProcessColumns: [MeasureColumn] = {
        let others = Set(allCases.filter { $0 != .zooprocess }.flatMap { $0.columns.map(\.name) })
        return MeasureGroup.zooprocess.columns.map { column in
            guard others.contains(column.name) else { return column }
            return MeasureColumn(
                name: "zooprocess_\(column.name)", unit: column.unit, title: "\(column.title) (ZooProcess)", definition: column.definition,
                source: column.source, equals: column.equals)
        }
    }()
}
