#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif
import Raster

/// Factors that make frames equally bright where they overlap, 1 on the (geometric) average of a mosaic.
public enum BrightnessBalance {
    /// - Parameters:
    ///   - levels: of every frame, evened, all at one scale; nil for frames that are not placed.
    ///   - positions: in pixels.
    /// - Returns: one factor for each frame; 1 for frames that are not placed or share nothing.
    /// - Complexity: one pass over the overlaps, then least squares as for positions.
    public static func gains(_ levels: [FrameLevels?], positions: [Displacement?], pairs: [(Int, Int)]) -> [Double] {
        typealias Link = LeastSquaresPlacement.Link
        var links: [Link] = []
        for (name, (a, b)) in pairs.enumerated() {
            guard let one = levels[a], let other = levels[b], let p = positions[a], let q = positions[b] else { continue }
            let scale = Double(one.scale)
            let (dx, dy) = (Int(((q.x - p.x) / scale).rounded()), Int(((q.y - p.y) / scale).rounded()))
            // The outermost squares may hang over the border.
            let x = max(0, dx)..<max(max(0, dx), min(one.width - 1, dx + other.width - 1))
            let y = max(0, dy)..<max(max(0, dy), min(one.height - 1, dy + other.height - 1))
            guard x.count * y.count >= 4 else { continue }
            // The median of the ratios, not the ratio of the sums: what moved, or lies half a square aside, does not count.
            var ratios: [Float] = []
            ratios.reserveCapacity(x.count * y.count)
            for row in y {
                for column in x {
                    let (va, vb) = (one.values[row * one.width + column], other.values[(row - dy) * other.width + column - dx])
                    if va > 0, vb > 0 { ratios.append(va / vb) }
                }
            }
            guard ratios.count >= 4 else { continue }
            ratios.sort()
            let ratio = Double(ratios[ratios.count / 2])
            links.append(
                Link(first: a, second: b, displacement: Displacement(x: log(min(8, max(0.125, ratio))), y: 0), weight: Double(ratios.count).squareRoot(), name: name))
        }
        let solved = LeastSquaresPlacement.robust(count: levels.count, links, exactness: 0.05)
        var gains = [Double](repeating: 1, count: levels.count)
        for group in LeastSquaresPlacement.groups(count: levels.count, links) {
            let mean = group.reduce(0) { $0 + solved[$1].x } / Double(group.count)
            for member in group { gains[member] = exp(solved[member].x - mean) }
        }
        return gains
    }
}
