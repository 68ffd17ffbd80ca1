import Foundation

/// Smooth surface through those cells that agree with one.
struct SurfaceFit {
    let verdict: VignettingCorrection.Verdict
    let explained: Double
    let explainedByOneLevel: Double
    private let surface: SurfacePolynomial
    private let width: Double
    private let height: Double

    /// A cell agrees with a level when it lies within 2 % of it.
    private static let tolerance = 0.02

    init(_ cells: BackgroundCells) {
        (width, height) = (Double(cells.width), Double(cells.height))
        let count = cells.levels.count
        var terms: [Double] = []
        terms.reserveCapacity(count * SurfacePolynomial.size)
        for row in 0..<cells.rows {
            for column in 0..<cells.columns {
                // Centre of what of the cell lies in the image.
                let x = Double(column * cells.side + min(cells.width, (column + 1) * cells.side)) / 2
                let y = Double(row * cells.side + min(cells.height, (row + 1) * cells.side)) / 2
                SurfacePolynomial.append(&terms, x / width * 2 - 1, y / height * 2 - 1)
            }
        }
        let block = (0..<count).map { ($0 / cells.columns * 8 / cells.rows) * 8 + $0 % cells.columns * 8 / cells.columns }
        let usable = cells.isUsable
        let (surface, residuals) = SurfacePolynomial.fit(cells.levels, terms, block, usable)
        self.surface = surface

        var agreeing = 0
        let fold = max(1, cells.columns / 8)
        for side in 0..<2 {
            let used = (0..<count).map { usable[$0] && ($0 / cells.columns / fold + $0 % cells.columns / fold) % 2 != side }
            let (_, unseen) = SurfacePolynomial.fit(cells.levels, terms, block, used)
            for index in 0..<count where usable[index] && !used[index] && abs(unseen[index]) < SurfaceFit.tolerance { agreeing += 1 }
        }
        let sorted = zip(cells.levels, usable).filter(\.1).map(\.0).sorted()
        explained = Double(agreeing) / Double(max(1, sorted.count))

        var (most, low) = (0, 0)
        for high in sorted.indices {
            while sorted[high] - sorted[low] > 2 * SurfaceFit.tolerance { low += 1 }
            most = max(most, high - low + 1)
        }
        explainedByOneLevel = Double(most) / Double(max(1, sorted.count))

        // Background has to be found in nearly all parts of the frame, or the surface is a guess there.
        let blocks = Set((0..<count).filter { usable[$0] }.map { block[$0] })
        let covered = Set((0..<count).filter { usable[$0] && abs(residuals[$0]) < SurfaceFit.tolerance }.map { block[$0] })
        if explained < explainedByOneLevel + 0.08 {
            verdict = explainedByOneLevel > 0.5 ? .alreadyFlat : .noClearBackground
        } else {
            verdict = explained >= 0.25 && Double(covered.count) >= 0.9 * Double(blocks.count) ? .corrected : .noClearBackground
        }
    }

    /// Levels at grid nodes, row after row; node (i, j) lies at pixel (i · spacing − 0.5, j · spacing − 0.5), at the far edges at the edge.
    func levels(columns: Int, rows: Int, spacing: Int) -> [Float] {
        surface.values(
            xs: (0..<columns).map { Double($0 * spacing) / width * 2 - 1 }, ys: (0..<rows).map { Double($0 * spacing) / height * 2 - 1 }
        ).map { Float(exp($0)) }
    }
}
