import Raster

/// How sharp the picture is under a mask.
///
/// Both values are taken over the pixels whose whole 3 × 3 neighbourhood lies under the mask: the outline itself, which would
/// be an edge in any picture, does not count, and neither does what surrounds the object.
public struct FocusMeasures: Hashable, Sendable {
    /// Population variance of the Laplacian (kernel 0 1 0, 1 −4 1, 0 1 0), in squared gray levels.
    public let laplacianVariance: Double
    /// Mean of Gx² + Gy² of Sobel's 3 × 3 gradients, in squared gray levels.
    public let tenengrad: Double

    /// Measures the pixels of `mask` that lie inside `image`; nil when none has its whole neighbourhood there.
    ///
    /// - Complexity: one pass over the mask's pixels.
    public init?(_ mask: Mask, image: Image<UInt8>) { self.init(neighbourhoodsOf: mask, image) }

    /// The same for 16 bits.
    public init?(_ mask: Mask, image: Image<UInt16>) { self.init(neighbourhoodsOf: mask, image) }

    private init?<Pixel: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable>(neighbourhoodsOf mask: Mask, _ image: Image<Pixel>) {
        let inside = image.bounds.contains(mask.bounds) ? mask : mask.clipped(to: image.bounds)
        let interior = inside.interiorRuns()
        guard !interior.isEmpty else { return nil }
        var (count, sum, squares, gradients) = (0, 0, 0.0, 0.0)
        image.withBuffer { pixels in
            for run in interior {
                let row = pixels.baseAddress! + (Int(run.y) &* image.width &+ Int(run.first))
                let (above, below) = (row - image.width, row + image.width)
                // Sums of a run of less than 2²⁴ pixels stay below 2⁶³ with 16 bits too.
                var (runSum, runSquares, runGradients) = (0, 0, 0)
                for x in 0..<run.count {
                    @inline(__always) func level(_ row: UnsafePointer<Pixel>, _ x: Int) -> Int { Int(truncatingIfNeeded: row[x]) }
                    let (a, b, c) = (level(above, x &- 1), level(above, x), level(above, x &+ 1))
                    let (d, e, f) = (level(row, x &- 1), level(row, x), level(row, x &+ 1))
                    let (g, h, i) = (level(below, x &- 1), level(below, x), level(below, x &+ 1))
                    let laplacian = b &+ d &+ f &+ h &- 4 &* e
                    let horizontal = c &+ 2 &* f &+ i &- a &- 2 &* d &- g
                    let vertical = g &+ 2 &* h &+ i &- a &- 2 &* b &- c
                    runSum &+= laplacian
                    runSquares &+= laplacian &* laplacian
                    runGradients &+= horizontal &* horizontal &+ vertical &* vertical
                }
                count &+= run.count
                sum &+= runSum
                squares += Double(runSquares)
                gradients += Double(runGradients)
            }
        }
        let mean = Double(sum) / Double(count)
        laplacianVariance = max(0, squares / Double(count) - mean * mean)
        tenengrad = gradients / Double(count)
    }

    /// Columns in the order of `values()`.
    public static let columns: [MeasureColumn] = table.columns

    /// Values in the order of `columns`.
    public func values() -> [Double?] { FocusMeasures.table.values(self, pixelSize: nil) }

    private static let table: MeasureTable<FocusMeasures> = {
        var table = MeasureTable<FocusMeasures>()
        let over = " over the pixels whose 3 × 3 neighbourhood lies under the mask; empty without any"
        table.add(
            "focus_laplacian_variance", .squareGray, "Variance of the Laplacian", "population variance of the Laplacian (0 1 0, 1 −4 1, 0 1 0)" + over,
            source: "Pech-Pacheco et al. 2000", equals: "OpenCV Laplacian(gray, CV_64F).var() inside a rectangle; PlanktoScope blur_laplacian on a whole crop"
        ) { $0.laplacianVariance }
        table.add(
            "focus_tenengrad", .squareGray, "Tenengrad", "mean of Gx² + Gy² by Sobel's 3 × 3 kernels" + over,
            source: "Krotkov 1988", equals: "OpenCV mean of Sobel(gray, CV_64F, 1, 0)² + Sobel(gray, CV_64F, 0, 1)² inside a rectangle"
        ) { $0.tenengrad }
        return table
    }()
}
