import Foundation
import Raster

/// The measures ZooProcess (ImageJ) writes for one object.
///
/// `object` below is the filled mask: holes closed by edges belong to it, as in ZooProcess; its dark pixels are those not brighter than
/// the limit. Positions count pixel corners (centre + 0.5) in image coordinates. Columns that ZooProcess fills with a constant (nb3,
/// xmg5, ymg5, comp…, tag) are left out. Cells without a meaning are nil.
/// - Source: ZooProcess and the tables of ZooProcess-lib; equal to all printed digits on its reference object.
public struct ZooProcessMeasures: Hashable, Sendable {
    public let area, areaExcluded: Int
    public let mean, deviation: Double
    public let mode, minimum, maximum, median: Int
    public let integratedDensity: Int
    public let skewness, kurtosis: Double?
    public let x, y, weightedX, weightedY: Double
    public let perimeter: Double
    public let box: Rect
    public let startX, startY: Int
    public let major, minor, angle: Double
    public let feret: Double
    /// Largest gray levels whose cumulative share is below 25, 50 and 75 %.
    public let cumulated: [Int]
    public let slope: Double
    public let contrast: Double
    /// Dark parts at the first two levels of `cumulated`.
    public let parts: [Int]
    public let skeletonArea: Int
    /// nil without a dark pixel.
    public let fractal: Double?
    public let convexArea, convexPerimeter: Int
    /// nil where the box's diagonal is longer than 10,000 pixels: turning takes memory by its square.
    public let symmetryHorizontal, symmetryVertical: Double?
    /// Symmetry of the largest part at the third level of `cumulated`; nil without a dark pixel and where its diagonal is longer than 10,000.
    public let symmetryHorizontalDark, symmetryVerticalDark: Double?
    /// Largest by mean thickness; nil without a pixel size, with fewer than two thicknesses and without symmetry.
    public let thicknessRatio: Double?

    /// - Parameters:
    ///   - mask: one eight-connected object: its pixels not brighter than `limit`.
    ///   - limit: the threshold; brighter pixels of the filled object count as holes.
    ///   - pixelSize: side of a pixel in µm; only the thickness ratio needs it, which is sampled every 0.1 mm, at least every pixel.
    /// - Returns: nil when no pixel of the mask lies inside the image.
    /// - Complexity: linear in the box's pixels, and in the frames that the fractal dimension and the symmetry look at: up to 16 × the box
    ///   and 1.44 × its squared diagonal.
    public init?(_ mask: Mask, image: Image<UInt8>, limit: UInt8, pixelSize: Double? = nil) {
        guard let inside = mask.inside(image.bounds), let outline = ObjectOutline(inside) else { return nil }
        self.init(outline, image: image, limit: limit, pixelSize: pixelSize)
    }

    /// - Parameter outline: of a mask inside the image.
    init(_ outline: ObjectOutline, image: Image<UInt8>, limit: UInt8, pixelSize: Double?) {
        let filled = outline.filled()
        self = GrayMeasures.with(filled.mask, image: image) { gray, counts in
            ZooProcessMeasures(filled, gray, counts, image: image, limit: limit, pixelSize: pixelSize)
        }
    }

    /// - Parameters:
    ///   - object: the filled object, inside the image.
    ///   - gray: what its gray levels tell, with the number of pixels of each level.
    init(_ object: ObjectOutline, _ gray: GrayMeasures, _ counts: UnsafePointer<UInt32>, image: Image<UInt8>, limit: UInt8, pixelSize: Double?) {
        let moments = object.moments
        box = object.box
        area = gray.count
        (mean, minimum, maximum, mode) = (gray.mean, gray.minimum, gray.maximum, gray.mode)
        (integratedDensity, skewness, kurtosis) = (gray.integratedDensity, gray.skewness, gray.kurtosis)
        deviation = area > 1 ? gray.deviation * (Double(area) / Double(area - 1)).squareRoot() : 0
        (x, y) = (moments.centroid.x + 0.5, moments.centroid.y + 0.5)
        (weightedX, weightedY) = ((gray.weightedCentroid?.x ?? moments.centroid.x) + 0.5, (gray.weightedCentroid?.y ?? moments.centroid.y) + 0.5)
        let first = object.mask.runs[0]
        (startX, startY) = (Int(first.first), Int(first.y))
        let ellipse = ZooProcessEllipse(area: area, (moments.mu20, moments.mu11, moments.mu02))
        (major, minor, angle) = (ellipse.major, ellipse.minor, ellipse.angle)
        feret = Double(object.hull.largestSquaredCornerDistance()).squareRoot()
        (convexArea, convexPerimeter) = object.hull.drawn()

        let histogram = ZooProcessHistogram(counts, limit: limit)
        median = ZooProcessHistogram.median(counts, total: area)
        let dark = histogram.count
        let levels = histogram.cumulated
        (areaExcluded, cumulated, slope) = (dark, [levels.0, levels.1, levels.2], histogram.slope)

        let placement = ZooProcessSymmetry.Placement(
            box: box, area: area, x: moments.centroid.x + 0.5 - Double(box.x), y: moments.centroid.y + 0.5 - Double(box.y), angle: angle)
        // ZooProcess takes the next level that occurs, so that there is something to compare.
        var level = levels.2
        while level < 254, counts[level] == 0 { level += 1 }
        let (bright, step) = (area - dark, pixelSize.flatMap(ZooProcessMeasures.step))
        let measured = ZooProcessPixels.with(object.mask, box: box, image: image, limit: limit, hasBright: bright > 0) { pixels in
            (
                perimeter: object.parts == 1 ? pixels.tracedLength() : nil,
                contrast: pixels.contrast(counts, limit: limit, levels),
                parts: [pixels.parts(atMost: UInt8(levels.0)), pixels.parts(atMost: UInt8(levels.1))],
                skeleton: pixels.skeletonArea(),
                fractal: pixels.fractal(rows: bright == 0 && object.isRowConvex && object.parts == 1 ? object.rows : nil, area: dark),
                symmetry: pixels.symmetry(placement, hull: object.hull, step: step),
                darkSymmetry: pixels.symmetry(ofLargestPartAtMost: UInt8(level))
            )
        }
        perimeter = measured.perimeter ?? object.mask.polygons(connectivity: .eight).reduce(0) { $0 + ringLength($1[0]) }
        (contrast, parts, skeletonArea, fractal) = (measured.contrast, measured.parts, measured.skeleton, measured.fractal)
        (symmetryHorizontal, symmetryVertical) = (measured.symmetry?.horizontal, measured.symmetry?.vertical)
        (symmetryHorizontalDark, symmetryVerticalDark) = (measured.darkSymmetry?.horizontal, measured.darkSymmetry?.vertical)
        thicknessRatio = measured.symmetry?.thicknessRatio
    }

    /// Columns of 0.1 mm; pixels as large or larger are all sampled.
    private static func step(pixelSize: Double) -> Int? {
        guard pixelSize > 0, pixelSize.isFinite else { return nil }
        return max(1, Int(min(100 / pixelSize, 1e9)))
    }

    public var circularity: Double? { perimeter > 0 ? 4 * .pi * Double(area) / (perimeter * perimeter) : nil }
    public var brightShare: Double { 100 * Double(area - areaExcluded) / Double(area) }

    /// Columns in the order of `values()`, with ZooProcess's names; some are names of other measures too, so a table that
    /// holds both needs a prefix.
    public static let columns: [MeasureColumn] = table.columns

    /// Values in the order of `columns`.
    ///
    /// - Parameter legacyIntegers: the numbers of old EcoTaxa tables: measures rounded as ZooProcess prints them, and ratios of measures
    ///   that its macro first makes whole numbers (the mean excepted); otherwise full precision and true ratios. The macro's `parseInt`
    ///   rounds to the nearest: 63 / 44 for axes of 62.8 and 44.0.
    public func values(legacyIntegers: Bool = false) -> [Double?] {
        ZooProcessMeasures.table.values(legacyIntegers ? ZooProcessValues(self).printed : ZooProcessValues(self), pixelSize: nil)
    }

    private static let table: MeasureTable<ZooProcessValues> = {
        var table = MeasureTable<ZooProcessValues>()
        let source = "ZooProcess (ImageJ)"
        func add(_ name: String, _ unit: MeasureColumn.Unit, _ title: String, _ definition: String, _ value: @escaping @Sendable (ZooProcessValues) -> Double?) {
            table.add(name, unit, title, definition, source: source, equals: "ZooProcess \(name)", value)
        }
        add("area", .squarePixels, "Area", "pixels of the object, holes filled") { $0.measures.area }
        add("mean", .gray, "Mean gray", "over the filled object") { $0.measures.mean }
        add("stddev", .gray, "Standard deviation", "sample standard deviation over the filled object") { $0.measures.deviation }
        add("mode", .gray, "Mode", "most frequent gray level of the filled object") { $0.measures.mode }
        add("min", .gray, "Darkest", "over the filled object") { $0.measures.minimum }
        add("max", .gray, "Brightest", "over the filled object") { $0.measures.maximum }
        add("x", .pixels, "Centroid x", "mean of pixel centres + 0.5") { $0.measures.x }
        add("y", .pixels, "Centroid y", "mean of pixel centres + 0.5") { $0.measures.y }
        add("xm", .pixels, "Gray centroid x", "centroid weighted by gray level") { $0.measures.weightedX }
        add("ym", .pixels, "Gray centroid y", "centroid weighted by gray level") { $0.measures.weightedY }
        add("perim.", .pixels, "Perimeter", "traced outline, minus 2 − √2 per corner") { $0.measures.perimeter }
        add("bx", .pixels, "Box left", "first column of the bounding box") { $0.measures.left }
        add("by", .pixels, "Box top", "first row of the bounding box") { $0.measures.top }
        add("width", .pixels, "Box width", "of the bounding box") { $0.measures.width }
        add("height", .pixels, "Box height", "of the bounding box") { $0.measures.height }
        add("major", .pixels, "Major axis", "ellipse of the object's area and moments") { $0.measures.major }
        add("minor", .pixels, "Minor axis", "ellipse of the object's area and moments") { $0.measures.minor }
        add("angle", .degrees, "Angle", "of the major axis, 0 to 180, counter-clockwise from the x axis") { $0.measures.angle }
        add("circ.", .ratio, "Circularity", "4π · area / perim.²") { $0.measures.circularity }
        add("feret", .pixels, "Feret diameter", "largest distance between corners of the outline") { $0.measures.feret }
        add("intden", .gray, "Integrated density", "sum of gray levels of the filled object") { $0.measures.integratedDensity }
        add("median", .gray, "Median", "first gray level whose cumulative count exceeds half") { $0.measures.median }
        add("skew", .ratio, "Skewness", "population skewness") { $0.measures.skewness }
        add("kurt", .ratio, "Kurtosis", "population excess kurtosis") { $0.measures.kurtosis }
        add("%area", .percent, "Share of holes", "percentage of the filled object brighter than the limit") { $0.measures.brightShare }
        add("xstart", .pixels, "Start x", "first object pixel of the top row") { $0.measures.startX }
        add("ystart", .pixels, "Start y", "top row") { $0.measures.startY }
        add("area_exc", .squarePixels, "Area without holes", "pixels of the filled object not brighter than the limit") { $0.measures.areaExcluded }
        add("fractal", .ratio, "Fractal dimension", "2 − deviation of log area by deviation of log 2 r, for the area within r of the border, r up to 45 pixels") {
            $0.measures.fractal
        }
        add("skelarea", .squarePixels, "Skeleton area", "pixels not brighter than the limit, thinned to lines") { $0.measures.skeletonArea }
        add("slope", .ratio, "Histogram slope", "deviation of the counts of gray levels 0 to 254 by the deviation of 0 … 254") { $0.measures.slope }
        for index in 0..<3 {
            add("histcum\(index + 1)", .gray, "Histogram share \(index + 1)", "largest gray level whose cumulative share is below \(25 * (index + 1)) %") {
                $0.measures.cumulated[index]
            }
        }
        for index in 0..<2 {
            add("nb\(index + 1)", .count, "Dark parts \(index + 1)", "parts of 5 pixels or more that histcum\(index + 1) as threshold and an erosion by 3 × 3 leave") {
                $0.measures.parts[index]
            }
        }
        add("symetrieh", .ratio, "Symmetry, horizontal", "turned to its major axis: pixels, background included, equal to those of the picture mirrored left to right, / 2 / area; empty for boxes with a diagonal above 10,000 pixels") {
            $0.measures.symmetryHorizontal
        }
        add("symetriev", .ratio, "Symmetry, vertical", "the same against the black and white picture mirrored top to bottom") { $0.measures.symmetryVertical }
        add("symetriehc", .ratio, "Symmetry of the dark part, horizontal", "symetrieh of the largest part that histcum3 as threshold leaves") {
            $0.measures.symmetryHorizontalDark
        }
        add("symetrievc", .ratio, "Symmetry of the dark part, vertical", "symetriev of the largest part that histcum3 as threshold leaves") {
            $0.measures.symmetryVerticalDark
        }
        add("convperim", .pixels, "Convex perimeter", "border pixels of the drawn convex hull") { $0.measures.convexPerimeter }
        add("convarea", .squarePixels, "Convex area", "pixels of the drawn convex hull") { $0.measures.convexArea }
        add("fcons", .gray, "Contrast", "contrast of three gray levels to their neighbours, legacy choice of levels") { $0.measures.contrast }
        add("thickr", .ratio, "Thickness ratio", "largest by mean thickness across the major axis, sampled every 0.1 mm; empty without a pixel size") {
            $0.measures.thicknessRatio
        }
        add("esd", .pixels, "Equivalent diameter", "2 √(area / π)") { 2 * ($0.inputs.area / .pi).squareRoot() }
        add("elongation", .ratio, "Elongation", "major / minor") { $0.inputs.major / $0.inputs.minor }
        add("range", .gray, "Range", "max − min") { $0.range }
        add("meanpos", .ratio, "Position of the mean", "(mean − max) / (mean − min)") { ($0.measures.mean - $0.inputs.maximum) / ($0.measures.mean - $0.inputs.minimum) }
        add("centroids", .pixels, "Centroid distance", "distance of both centroids") { $0.centroidDistance }
        add("cv", .ratio, "Variation", "100 · stddev / mean") { 100 * ($0.inputs.deviation / $0.measures.mean) }
        add("sr", .ratio, "Relative deviation", "100 · stddev / (max − min)") { 100 * ($0.inputs.deviation / $0.range) }
        add("perimareaexc", .ratio, "Perimeter by area", "perim. / √area_exc") { $0.inputs.perimeter / $0.inputs.areaExcluded.squareRoot() }
        add("feretareaexc", .ratio, "Feret by area", "feret / √area_exc") { $0.inputs.feret / $0.inputs.areaExcluded.squareRoot() }
        add("perimferet", .ratio, "Perimeter by Feret", "perim. / feret") { $0.inputs.perimeter / $0.inputs.feret }
        add("perimmajor", .ratio, "Perimeter by major axis", "perim. / major") { $0.inputs.perimeter / $0.inputs.major }
        add("circex", .ratio, "Circularity without holes", "4π · area_exc / perim.²") {
            4 * .pi * $0.inputs.areaExcluded / ($0.inputs.perimeter * $0.inputs.perimeter)
        }
        add("cdexc", .ratio, "Centroid distance by area", "centroids / √area_exc") { $0.centroidDistance / $0.inputs.areaExcluded.squareRoot() }
        add("kurt_mean", .ratio, "Kurtosis by mean", "kurt / mean") { values in values.inputs.kurtosis.map { $0 / values.measures.mean } }
        add("skew_mean", .ratio, "Skewness by mean", "skew / mean") { values in values.inputs.skewness.map { $0 / values.measures.mean } }
        add("convperim_perim", .ratio, "Convex perimeter by perimeter", "convperim / perim.") { $0.inputs.convexPerimeter / $0.inputs.perimeter }
        add("convarea_area", .ratio, "Convex area by area", "convarea / area") { $0.inputs.convexArea / $0.inputs.area }
        add("symetrieh_area", .ratio, "Horizontal symmetry by area", "symetrieh / area") { values in values.inputs.symmetryHorizontal.map { $0 / values.inputs.area } }
        add("symetriev_area", .ratio, "Vertical symmetry by area", "symetriev / area") { values in values.inputs.symmetryVertical.map { $0 / values.inputs.area } }
        for index in 0..<2 {
            add("nb\(index + 1)_area", .ratio, "Dark parts \(index + 1) by area", "nb\(index + 1) / area") { $0.inputs.parts[index] / $0.inputs.area }
        }
        for index in 0..<2 {
            add("nb\(index + 1)_range", .ratio, "Dark parts \(index + 1) by range", "nb\(index + 1) / range") { $0.inputs.parts[index] / $0.range }
        }
        add("median_mean", .gray, "Median from mean", "median − mean") { $0.inputs.median - $0.measures.mean }
        add("median_mean_range", .ratio, "Median from mean by range", "(median − mean) / range") { ($0.inputs.median - $0.measures.mean) / $0.range }
        add("skeleton_area", .ratio, "Skeleton by area", "skelarea / area") { $0.inputs.skeletonArea / $0.inputs.area }
        return table
    }()
}
