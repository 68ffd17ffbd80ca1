import Foundation
import Raster

/// The measures ZooProcess (ImageJ) writes for one object.
///
/// `object` below is the filled mask: holes closed by edges belong to it, as in ZooProcess. Positions count pixel corners
/// (centre + 0.5) in image coordinates. Columns that ZooProcess fills with a constant are left out.
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
    public let cumulated: [Int]
    public let slope: Double
    public let contrast: Double

    /// - Parameters:
    ///   - mask: one eight-connected object: its pixels not brighter than `limit`.
    ///   - limit: the threshold; brighter pixels of the filled object count as holes.
    /// - Returns: nil when no pixel of the mask lies inside the image.
    /// - Complexity: two passes over the object's box.
    public init?(_ mask: Mask, image: Image<UInt8>, limit: UInt8) {
        let inside = image.bounds.contains(mask.bounds) ? mask : mask.clipped(to: image.bounds)
        let object = inside.filledHoles(background: .four)
        guard let gray = GrayMeasures(object, image: image), let moments = ShapeMoments(object) else { return nil }
        box = object.boundingBox
        area = gray.count
        (mean, minimum, maximum, mode) = (gray.mean, gray.minimum, gray.maximum, gray.mode)
        (integratedDensity, skewness, kurtosis) = (gray.integratedDensity, gray.skewness, gray.kurtosis)
        deviation = area > 1 ? gray.deviation * (Double(area) / Double(area - 1)).squareRoot() : 0
        (x, y) = (moments.centroid.x + 0.5, moments.centroid.y + 0.5)
        (weightedX, weightedY) = ((gray.weightedCentroid?.x ?? moments.centroid.x) + 0.5, (gray.weightedCentroid?.y ?? moments.centroid.y) + 0.5)
        (startX, startY) = (Int(object.runs[0].first), Int(object.runs[0].y))

        // ImageJ's ellipse: each pixel has an extent of its own (variance 1/12), and the ellipse has the object's area.
        let n = Double(area)
        let (a, b, c) = (moments.mu20 / n + 1.0 / 12, -moments.mu11 / n, moments.mu02 / n + 1.0 / 12)
        let root = ((a - c) * (a - c) + 4 * b * b).squareRoot()
        let (long, short) = (4 * ((a + c + root) / 2).squareRoot(), 4 * ((a + c - root) / 2).squareRoot())
        let scale = (n / (.pi / 4 * long * short)).squareRoot()
        (major, minor) = (long * scale, short * scale)
        let degrees = 0.5 * atan2(2 * b, a - c) * 180 / .pi
        angle = degrees < 0 ? degrees + 180 : degrees

        let rings = object.polygons(connectivity: .eight).map { $0[0] }
        perimeter = rings.reduce(0) { $0 + tracedLength($1) }
        feret = largestDistance(object)

        var all = [Int](repeating: 0, count: 256)
        image.withBuffer { pixels in
            for run in object.runs { for x in Int(run.first)...Int(run.last) { all[Int(pixels[Int(run.y) * image.width + x])] += 1 } }
        }
        var seen = 0
        median = all.firstIndex { count in
            seen += count
            return Double(seen) > n / 2
        } ?? 255
        let dark = all.enumerated().map { $0.offset <= Int(limit) ? $0.element : 0 }
        areaExcluded = dark.reduce(0, +)
        cumulated = [0.25, 0.5, 0.75].map { share in
            var (sum, level) = (0, 0)
            for gray in 0..<255 {
                sum += dark[gray]
                if Double(sum) < share * Double(dark.reduce(0, +)) { level = gray }
            }
            return level
        }
        slope = sampleDeviation(dark[0..<255].map(Double.init)) / sampleDeviation((0..<255).map(Double.init))
        contrast = ZooProcessMeasures.contrast(image, object, dark, cumulated, limit: limit)
    }

    public var circularity: Double? { perimeter > 0 ? 4 * .pi * Double(area) / (perimeter * perimeter) : nil }
    public var brightShare: Double { 100 * Double(area - areaExcluded) / Double(area) }

    /// Mean contrast of the object's pixels at three gray levels to their neighbours (fcons), with the legacy choice of levels.
    private static func contrast(_ image: Image<UInt8>, _ object: Mask, _ counts: [Int], _ cumulated: [Int], limit: UInt8) -> Double {
        // Kept for parity: a count is compared with a gray level.
        var chosen = [Bool](repeating: false, count: 256)
        for most in cumulated { if let level = (0..<256).last(where: { counts[$0] != 0 && counts[$0] <= most }) { chosen[level] = true } }
        let box = object.boundingBox
        guard box.width > 2, box.height > 2 else { return 0 }
        var crop = [Int](repeating: 255, count: box.area)
        for run in object.runs {
            for x in Int(run.first)...Int(run.last) {
                let gray = image[x, Int(run.y)]
                if gray <= limit { crop[(Int(run.y) - box.y) * box.width + x - box.x] = Int(gray) }
            }
        }
        var sums = [Double](repeating: 0, count: 256)
        var (total, number) = (0.0, 1.0)
        for x in 1..<(box.width - 1) {
            for y in 1..<(box.height - 1) {
                let place = y * box.width + x
                let gray = crop[place]
                guard chosen[gray] else { continue }
                let above = crop[place - box.width - 1] + crop[place - box.width] + crop[place - box.width + 1]
                let below = crop[place + box.width - 1] + crop[place + box.width] + crop[place + box.width + 1]
                sums[gray] += abs(Double(gray) - Double(above + below + crop[place - 1] + crop[place + 1]) / 8)
                number += 1
                total += sums[gray] * Double(counts[gray]) / 256
            }
        }
        return total / number
    }

    /// Columns in the order of `values()`, with ZooProcess's names; some are names of other measures too, so a table that
    /// holds both needs a prefix.
    public static let columns: [MeasureColumn] = table.columns

    /// Values in the order of `columns`.
    ///
    /// - Parameter legacyIntegers: derived values from truncated integers (except the mean), as ZooProcess's macro makes them;
    ///   otherwise their true ratios.
    public func values(legacyIntegers: Bool = false) -> [Double?] {
        ZooProcessMeasures.table.values(ZooProcessInputs(self, truncated: legacyIntegers), pixelSize: nil)
    }

    private static let table: MeasureTable<ZooProcessInputs> = {
        var table = MeasureTable<ZooProcessInputs>()
        let source = "ZooProcess (ImageJ)"
        func add(_ name: String, _ unit: MeasureColumn.Unit, _ title: String, _ definition: String, _ value: @escaping @Sendable (ZooProcessInputs) -> Double?) {
            table.add(name, unit, title, definition, source: source, value)
        }
        add("area", .squarePixels, "Area", "pixels of the object, holes filled") { Double($0.measures.area) }
        add("mean", .gray, "Mean gray", "over the filled object") { $0.measures.mean }
        add("stddev", .gray, "Standard deviation", "sample standard deviation over the filled object") { $0.measures.deviation }
        add("mode", .gray, "Mode", "most frequent gray level of the filled object") { Double($0.measures.mode) }
        add("min", .gray, "Darkest", "over the filled object") { Double($0.measures.minimum) }
        add("max", .gray, "Brightest", "over the filled object") { Double($0.measures.maximum) }
        add("x", .pixels, "Centroid x", "mean of pixel centres + 0.5") { $0.measures.x }
        add("y", .pixels, "Centroid y", "mean of pixel centres + 0.5") { $0.measures.y }
        add("xm", .pixels, "Gray centroid x", "centroid weighted by gray level") { $0.measures.weightedX }
        add("ym", .pixels, "Gray centroid y", "centroid weighted by gray level") { $0.measures.weightedY }
        add("perim.", .pixels, "Perimeter", "traced outline, minus 2 − √2 per corner") { $0.measures.perimeter }
        add("bx", .pixels, "Box left", "first column of the bounding box") { Double($0.measures.box.x) }
        add("by", .pixels, "Box top", "first row of the bounding box") { Double($0.measures.box.y) }
        add("width", .pixels, "Box width", "of the bounding box") { Double($0.measures.box.width) }
        add("height", .pixels, "Box height", "of the bounding box") { Double($0.measures.box.height) }
        add("major", .pixels, "Major axis", "ellipse of the object's area and moments") { $0.measures.major }
        add("minor", .pixels, "Minor axis", "ellipse of the object's area and moments") { $0.measures.minor }
        add("angle", .degrees, "Angle", "of the major axis, 0 to 180, counter-clockwise from the x axis") { $0.measures.angle }
        add("circ.", .ratio, "Circularity", "4π · area / perim.²") { $0.measures.circularity }
        add("feret", .pixels, "Feret diameter", "largest distance between corners of the outline") { $0.measures.feret }
        add("intden", .gray, "Integrated density", "sum of gray levels of the filled object") { Double($0.measures.integratedDensity) }
        add("median", .gray, "Median", "first gray level whose cumulative count exceeds half") { Double($0.measures.median) }
        add("skew", .ratio, "Skewness", "population skewness") { $0.measures.skewness }
        add("kurt", .ratio, "Kurtosis", "population excess kurtosis") { $0.measures.kurtosis }
        add("%area", .ratio, "Share of holes", "percentage of the filled object brighter than the limit") { $0.measures.brightShare }
        add("xstart", .pixels, "Start x", "first object pixel of the top row") { Double($0.measures.startX) }
        add("ystart", .pixels, "Start y", "top row") { Double($0.measures.startY) }
        add("area_exc", .squarePixels, "Area without holes", "pixels of the filled object not brighter than the limit") { Double($0.measures.areaExcluded) }
        add("slope", .ratio, "Histogram slope", "deviation of the counts of gray levels 0 to 254 by the deviation of 0 … 254") { $0.measures.slope }
        for index in 0..<3 {
            add("histcum\(index + 1)", .gray, "Histogram share \(index + 1)", "largest gray level whose cumulative share is below \(25 * (index + 1)) %") {
                Double($0.measures.cumulated[index])
            }
        }
        add("fcons", .gray, "Contrast", "contrast of three gray levels to their neighbours, legacy choice of levels") { $0.measures.contrast }
        add("esd", .pixels, "Equivalent diameter", "2 √(area / π)") { 2 * ($0.area / .pi).squareRoot() }
        add("elongation", .ratio, "Elongation", "major / minor") { $0.major / $0.minor }
        add("range", .gray, "Range", "max − min") { $0.maximum - $0.minimum }
        add("meanpos", .ratio, "Position of the mean", "(mean − max) / (mean − min)") { ($0.measures.mean - $0.maximum) / ($0.measures.mean - $0.minimum) }
        add("centroids", .pixels, "Centroid distance", "distance of both centroids") {
            (($0.weightedX - $0.x) * ($0.weightedX - $0.x) + ($0.weightedY - $0.y) * ($0.weightedY - $0.y)).squareRoot()
        }
        add("cv", .ratio, "Variation", "100 · stddev / mean") { 100 * $0.deviation / $0.measures.mean }
        add("sr", .ratio, "Relative deviation", "100 · stddev / (max − min)") { 100 * $0.deviation / ($0.maximum - $0.minimum) }
        add("perimareaexc", .ratio, "Perimeter by area", "perim. / √area_exc") { $0.perimeter / $0.areaExcluded.squareRoot() }
        add("feretareaexc", .ratio, "Feret by area", "feret / √area_exc") { $0.feret / $0.areaExcluded.squareRoot() }
        add("perimferet", .ratio, "Perimeter by Feret", "perim. / feret") { $0.perimeter / $0.feret }
        add("perimmajor", .ratio, "Perimeter by major axis", "perim. / major") { $0.perimeter / $0.major }
        add("circex", .ratio, "Circularity without holes", "4π · area_exc / perim.²") { 4 * .pi * $0.areaExcluded / ($0.perimeter * $0.perimeter) }
        add("cdexc", .ratio, "Centroid distance by area", "centroids / √area_exc") {
            (($0.weightedX - $0.x) * ($0.weightedX - $0.x) + ($0.weightedY - $0.y) * ($0.weightedY - $0.y)).squareRoot() / $0.areaExcluded.squareRoot()
        }
        return table
    }()
}

/// What derived measures are made from: true values, or whole numbers as in the legacy macro.
private struct ZooProcessInputs: Sendable {
    let measures: ZooProcessMeasures
    let area, areaExcluded, major, minor, minimum, maximum, x, y, weightedX, weightedY, deviation, perimeter, feret: Double

    init(_ measures: ZooProcessMeasures, truncated: Bool) {
        func input(_ value: Double) -> Double { truncated ? value.rounded(.towardZero) : value }
        self.measures = measures
        (area, areaExcluded) = (Double(measures.area), Double(measures.areaExcluded))
        (major, minor, feret, perimeter) = (input(measures.major), input(measures.minor), input(measures.feret), input(measures.perimeter))
        (minimum, maximum, deviation) = (Double(measures.minimum), Double(measures.maximum), input(measures.deviation))
        (x, y, weightedX, weightedY) = (input(measures.x), input(measures.y), input(measures.weightedX), input(measures.weightedY))
    }
}

/// ImageJ's length of a traced outline: edges, minus 2 − √2 per corner; of two corners joined by an edge of one pixel one counts.
private func tracedLength(_ ring: [Point]) -> Double {
    var (sum, corners, corner) = (0.0, 0, false)
    for index in ring.indices {
        let (a, b) = (ring[index == 0 ? ring.count - 1 : index - 1], ring[index])
        let before = abs(a.x - b.x) + abs(a.y - b.y)
        sum += before
        if before > 1 || !corner {
            corner = true
            corners += 1
        } else {
            corner = false
        }
    }
    return sum - Double(corners) * (2 - 2.0.squareRoot())
}

/// Largest distance between two corners of a mask's pixels: between corners of the convex hull of its rows' ends.
private func largestDistance(_ mask: Mask) -> Double {
    var left: [(x: Int, y: Int)] = []
    var right: [(x: Int, y: Int)] = []
    func add(_ x: Int, _ y: Int, to chain: inout [(x: Int, y: Int)], side: Int) {
        while chain.count >= 2 {
            let (a, b) = (chain[chain.count - 2], chain[chain.count - 1])
            if side * ((b.x - a.x) * (y - a.y) - (b.y - a.y) * (x - a.x)) > 0 { break }
            chain.removeLast()
        }
        chain.append((x, y))
    }
    for row in mask.rowExtents() {
        for y in [row.y, row.y + 1] {
            add(row.first, y, to: &left, side: -1)
            add(row.last + 1, y, to: &right, side: 1)
        }
    }
    let corners = left + right
    var largest = 0
    for (index, a) in corners.enumerated() {
        for b in corners[index...] { largest = max(largest, (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y)) }
    }
    return Double(largest).squareRoot()
}

private func sampleDeviation(_ values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
}
