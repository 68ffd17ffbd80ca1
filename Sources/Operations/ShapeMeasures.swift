import Foundation
import Raster

/// What one object's outline tells, in pixels, by scikit-image's definitions.
///
/// Taken from runs and from bits in the object's own box, so the crop around it has no influence.
/// Values that have no meaning for an object (circularity of a single pixel) are nil, never infinite.
public struct ShapeMeasures: Hashable, Sendable {
    public let area: Int
    public let areaFilled: Int
    public let areaConvex: Int
    public let box: Rect
    public let moments: ShapeMoments
    public let axisMajorLength: Double
    public let axisMinorLength: Double
    public let eccentricity: Double
    public let perimeter: Double
    public let perimeterCrofton: Double
    public let eulerNumber: Int
    public let feretDiameterMax: Double
    public let feretDiameterMin: Double

    /// nil for the empty mask.
    ///
    /// - Complexity: linear in the runs and rows, plus 1/64 of the box's area.
    public init?(_ mask: Mask) {
        guard let outline = ObjectOutline(mask) else { return nil }
        self.init(outline)
    }

    /// The same to the last bit, for a mask taken by bands of rows.
    public init?(_ mask: LargeMask) {
        guard let moments = ShapeMoments(mask) else { return nil }
        let outline = LargeOutline(mask)
        (self.moments, box, area) = (moments, mask.box, moments.area)
        let (larger, smaller) = moments.eigenvalues
        (axisMajorLength, axisMinorLength) = (4 * larger.squareRoot(), 4 * smaller.squareRoot())
        eccentricity = larger == 0 ? 0 : (1 - smaller / larger).squareRoot()
        (areaFilled, eulerNumber) = (moments.area + outline.holeArea, outline.eulerNumber)
        (perimeter, perimeterCrofton) = outline.perimeters.lengths
        let convex = ConvexHull(rows: outline.rows).pixelRows()
        areaConvex = convex.reduce(0) { $0 &+ $1.last &- $1.first &+ 1 }
        (feretDiameterMax, feretDiameterMin) = ConvexHull(rows: convex).diameters()
    }

    init(_ outline: ObjectOutline) {
        moments = outline.moments
        (area, box, eulerNumber) = (outline.moments.area, outline.box, outline.eulerNumber)
        let (larger, smaller) = moments.eigenvalues
        (axisMajorLength, axisMinorLength) = (4 * larger.squareRoot(), 4 * smaller.squareRoot())
        eccentricity = larger == 0 ? 0 : (1 - smaller / larger).squareRoot()

        // Without holes closed by edges there are none closed by corners.
        areaFilled = outline.parts > eulerNumber ? outline.mask.filledHoles(background: .eight).area : area

        (perimeter, perimeterCrofton) = BitGrid(outline.mask.runs, box: box).perimeters()

        let convex = ConvexHull(outline.hull).pixelRows()
        areaConvex = convex.reduce(0) { $0 &+ $1.last &- $1.first &+ 1 }
        (feretDiameterMax, feretDiameterMin) = ConvexHull(rows: convex).diameters()
    }

    public var equivalentDiameter: Double { (4 * Double(area) / .pi).squareRoot() }
    public var extent: Double { Double(area) / Double(box.area) }
    public var solidity: Double { Double(area) / Double(areaConvex) }
    /// 4π · area / perimeter²; nil where the perimeter is 0 (single pixels).
    public var circularity: Double? { perimeter > 0 ? 4 * .pi * Double(area) / (perimeter * perimeter) : nil }
    /// Major by minor axis; nil for straight lines one pixel wide.
    public var elongation: Double? { axisMinorLength > 0 ? axisMajorLength / axisMinorLength : nil }
    /// Direction of the major axis in degrees, 0 ..< 180, counter-clockwise from the x axis; nil for a single pixel.
    public var angle: Double? {
        guard axisMajorLength > 0 else { return nil }
        let degrees = moments.orientation * 180 / .pi + 90
        return degrees >= 180 ? degrees - 180 : degrees
    }

    /// Columns in the order of `values(pixelSize:)`.
    public static let columns: [MeasureColumn] = table.columns

    /// Values in the order of `columns`.
    ///
    /// - Parameter pixelSize: side of a pixel in µm; without it the µm columns are nil.
    public func values(pixelSize: Double? = nil) -> [Double?] { ShapeMeasures.table.values(self, pixelSize: pixelSize) }

    private static let table: MeasureTable<ShapeMeasures> = {
        var table = MeasureTable<ShapeMeasures>()
        table.add("area", .squarePixels, "Area", "number of foreground pixels; holes do not count", micrometreName: "area_um2") { Double($0.area) }
        table.add("area_filled", .squarePixels, "Filled area", "area with holes filled; a hole whose rim joins only at a corner stays open",
            micrometreName: "area_filled_um2") { Double($0.areaFilled) }
        table.add("area_convex", .squarePixels, "Convex area", "pixels whose centres lie in the convex hull of the pixels' edge middles",
            micrometreName: "area_convex_um2") { Double($0.areaConvex) }
        table.add("area_bbox", .squarePixels, "Box area", "width × height of the bounding box", micrometreName: "area_bbox_um2") { Double($0.box.area) }
        table.add("bbox_min_x", .pixels, "Box left", "first column of the bounding box") { Double($0.box.x) }
        table.add("bbox_min_y", .pixels, "Box top", "first row of the bounding box") { Double($0.box.y) }
        table.add("bbox_max_x", .pixels, "Box right", "column after the last of the bounding box") { Double($0.box.maxX) }
        table.add("bbox_max_y", .pixels, "Box bottom", "row after the last of the bounding box") { Double($0.box.maxY) }
        table.add("centroid_x", .pixels, "Centroid x", "mean x of the pixel centres; centres lie at whole numbers") { $0.moments.centroid.x }
        table.add("centroid_y", .pixels, "Centroid y", "mean y of the pixel centres; centres lie at whole numbers") { $0.moments.centroid.y }
        table.add("axis_major_length", .pixels, "Major axis", "major axis of the ellipse of equal second moments: 4 √ of the larger eigenvalue",
            micrometreName: "axis_major_length_um") { $0.axisMajorLength }
        table.add("axis_minor_length", .pixels, "Minor axis", "minor axis of the ellipse of equal second moments: 4 √ of the smaller eigenvalue",
            micrometreName: "axis_minor_length_um") { $0.axisMinorLength }
        table.add("orientation", .radians, "Orientation", "angle from the row axis to the major axis, −π/2 to π/2, counter-clockwise") { $0.moments.orientation }
        table.add("angle", .degrees, "Angle", "direction of the major axis, 0 to 180, counter-clockwise from the x axis: orientation in degrees + 90",
            source: "MorphoCut's angle", equals: "MorphoCut angle") { $0.angle }
        table.add("eccentricity", .ratio, "Eccentricity", "of the ellipse of equal second moments; 0 is a circle") { $0.eccentricity }
        table.add("elongation", .ratio, "Elongation", "major by minor axis; empty for lines one pixel wide", source: "ZooProcess, by scikit-image's axes", equals: "MorphoCut elongation") { $0.elongation }
        table.add("equivalent_diameter_area", .pixels, "Equivalent diameter", "diameter of the circle of the same area (ESD): 2 √(area / π)",
            micrometreName: "esd_um") { $0.equivalentDiameter }
        table.add("perimeter", .pixels, "Perimeter", "length of the line through border pixels, 4-neighbourhood (Benkrid & Crookes)",
            micrometreName: "perimeter_um") { $0.perimeter }
        table.add("perimeter_crofton", .pixels, "Perimeter (Crofton)", "length of the outline by the Crofton formula with four directions",
            micrometreName: "perimeter_crofton_um") { $0.perimeterCrofton }
        table.add("circularity", .ratio, "Circularity", "4π · area / perimeter²; 1 is a circle, empty for single pixels", source: "ZooProcess's circex, by scikit-image's perimeter", equals: "MorphoCut circex") { $0.circularity }
        table.add("solidity", .ratio, "Solidity", "area by convex area") { $0.solidity }
        table.add("extent", .ratio, "Extent", "area by box area") { $0.extent }
        table.add("euler_number", .count, "Euler number", "parts joined by edge or corner, minus holes") { Double($0.eulerNumber) }
        table.add("feret_diameter_max", .pixels, "Largest Feret diameter", "largest distance between two points of the convex hull's outline",
            micrometreName: "feret_diameter_max_um") { $0.feretDiameterMax }
        table.add("feret_diameter_min", .pixels, "Smallest Feret diameter", "smallest distance between two parallel lines around the same outline",
            source: "ours; the width of feret_diameter_max's outline", micrometreName: "feret_diameter_min_um") { $0.feretDiameterMin }
        return table
    }()
}
