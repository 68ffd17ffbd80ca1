import Foundation

/// Numbers of one row of ZooProcess's table: measures, and what ratios are made from.
struct ZooProcessValues: Sendable {
    /// The measures as numbers, in full or as printed.
    struct Numbers: Sendable {
        var area, mean, deviation, mode, minimum, maximum, x, y, weightedX, weightedY, perimeter: Double
        var left, top, width, height, major, minor, angle, feret, integratedDensity, median, brightShare: Double
        var startX, startY, areaExcluded, skeletonArea, slope, convexPerimeter, convexArea, contrast: Double
        var symmetryHorizontal, symmetryVertical: Double?
        var circularity, skewness, kurtosis, fractal, symmetryHorizontalDark, symmetryVerticalDark, thicknessRatio: Double?
        var cumulated, parts: [Double]
    }

    var measures: Numbers
    /// Whole numbers in old tables.
    var inputs: Numbers

    var range: Double { inputs.maximum - inputs.minimum }
    var centroidDistance: Double {
        let (x, y) = (inputs.weightedX - inputs.x, inputs.weightedY - inputs.y)
        return (x * x + y * y).squareRoot()
    }

    init(_ m: ZooProcessMeasures) {
        measures = Numbers(
            area: Double(m.area), mean: m.mean, deviation: m.deviation, mode: Double(m.mode), minimum: Double(m.minimum), maximum: Double(m.maximum),
            x: m.x, y: m.y, weightedX: m.weightedX, weightedY: m.weightedY, perimeter: m.perimeter, left: Double(m.box.x), top: Double(m.box.y),
            width: Double(m.box.width), height: Double(m.box.height), major: m.major, minor: m.minor, angle: m.angle, feret: m.feret,
            integratedDensity: Double(m.integratedDensity), median: Double(m.median), brightShare: m.brightShare, startX: Double(m.startX),
            startY: Double(m.startY), areaExcluded: Double(m.areaExcluded), skeletonArea: Double(m.skeletonArea), slope: m.slope,
            convexPerimeter: Double(m.convexPerimeter), convexArea: Double(m.convexArea), contrast: m.contrast,
            symmetryHorizontal: m.symmetryHorizontal, symmetryVertical: m.symmetryVertical, circularity: m.circularity, skewness: m.skewness,
            kurtosis: m.kurtosis, fractal: m.fractal, symmetryHorizontalDark: m.symmetryHorizontalDark,
            symmetryVerticalDark: m.symmetryVerticalDark, thicknessRatio: m.thicknessRatio, cumulated: m.cumulated.map(Double.init),
            parts: m.parts.map(Double.init))
        inputs = measures
    }

    /// As ZooProcess's macro writes them: measures with few decimals, ratios of those rounded to whole numbers.
    var printed: ZooProcessValues {
        var copy = self
        copy.measures.print()
        copy.inputs = copy.measures
        copy.inputs.makeWhole()
        return copy
    }
}

extension ZooProcessValues.Numbers {
    /// Decimals of ZooProcess's tables. ImageJ's table holds three, from which ZooProcess makes fewer.
    fileprivate mutating func print() {
        for path in [\Self.major, \.minor, \.angle, \.feret] { self[keyPath: path] = decimals(self[keyPath: path], 1) }
        for path in [\Self.x, \.y, \.weightedX, \.weightedY, \.perimeter, \.brightShare, \.mean] { self[keyPath: path] = decimals(self[keyPath: path], 2) }
        for path in [\Self.deviation, \.slope, \.contrast] { self[keyPath: path] = decimals(self[keyPath: path], 3) }
        for path in [\Self.circularity, \.skewness, \.kurtosis, \.fractal, \.thicknessRatio, \.symmetryHorizontal, \.symmetryVertical] {
            self[keyPath: path] = self[keyPath: path].map { decimals($0, 3) }
        }
        for path in [\Self.symmetryHorizontalDark, \.symmetryVerticalDark] { self[keyPath: path] = self[keyPath: path].map { decimals($0, 0) } }
    }

    /// The macro's `parseInt`, which rounds halves up.
    fileprivate mutating func makeWhole() {
        for path in [
            \Self.deviation, \.x, \.y, \.weightedX, \.weightedY, \.perimeter, \.major, \.minor, \.feret,
        ] { self[keyPath: path] = (self[keyPath: path] + 0.5).rounded(.down) }
        for path in [\Self.skewness, \.kurtosis, \.symmetryHorizontal, \.symmetryVertical] { self[keyPath: path] = self[keyPath: path].map { ($0 + 0.5).rounded(.down) } }
    }
}

private func decimals(_ value: Double, _ digits: Int) -> Double {
    let shown = (value * 1000).rounded() / 1000
    let power = pow(10, Double(digits))
    return (shown * power).rounded() / power
}
