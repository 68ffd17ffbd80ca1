import Foundation

/// Mean direction and circular standard deviation, in degrees, of counts at equal steps around a circle; nil without counts.
func circularStatistics(_ counts: [Int]) -> (mean: Double?, deviation: Double?) {
    var (x, y, total) = (0.0, 0.0, 0)
    for (step, count) in counts.enumerated() where count > 0 {
        let angle = 2 * Double.pi * Double(step) / Double(counts.count)
        x += Double(count) * cos(angle)
        y += Double(count) * sin(angle)
        total += count
    }
    guard total > 0 else { return (nil, nil) }
    let length = (x * x + y * y).squareRoot() / Double(total)
    // Directions that cancel out have no mean.
    guard length > 1e-9 else { return (nil, nil) }
    let mean = atan2(y, x) * 180 / .pi
    return (mean < 0 ? mean + 360 : mean, max(0, -2 * log(min(1, length))).squareRoot() * 180 / .pi)
}
