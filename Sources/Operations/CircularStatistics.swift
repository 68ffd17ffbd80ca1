import Foundation

/// Mean direction, 0 ..< 360, and circular standard deviation √(−2 ln R), in degrees, from the sums of the directions' cosines and
/// sines; nil without directions and where they cancel out.
func circularStatistics(x: Double, y: Double, count: Int) -> (mean: Double?, deviation: Double?) {
    guard count > 0 else { return (nil, nil) }
    let length = (x * x + y * y).squareRoot() / Double(count)
    guard length > 1e-9 else { return (nil, nil) }
    let mean = atan2(y, x) * 180 / .pi
    // A length of 1 but for rounding is one direction; a deviation of 0.0001° would be a length of 1 − 1.5e-12.
    let deviation = length > 1 - 1e-12 ? 0 : (-2 * log(length)).squareRoot() * 180 / .pi
    // What rounds to a whole turn is 0.
    let turned = mean < 0 ? mean + 360 : mean
    return (turned >= 360 ? 0 : turned, deviation)
}
