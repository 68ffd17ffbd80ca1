import Raster

/// Sums about the middle of an object's box, near the centroid, so that little is lost when they are moved to it.
struct WeightedMomentSums {
    let middleX, middleY: Int
    private(set) var (m00, m10, m01, m20, m11, m02) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    private(set) var (m30, m21, m12, m03) = (0.0, 0.0, 0.0, 0.0)

    init(box: Rect) { (middleX, middleY) = (box.x + box.width / 2, box.y + box.height / 2) }

    /// - Parameters:
    ///   - row: the run's pixels.
    ///   - see: gets each of them too.
    /// - Returns: sum of the levels, and of the levels times the distance from the run's first pixel.
    @discardableResult
    @inline(__always)
    mutating func add<Pixel: FixedWidthInteger & UnsignedInteger>(_ run: Run, _ row: UnsafePointer<Pixel>, _ see: (Int) -> Void) -> (sum: Int, moment: Int) {
        let v = Double(Int(run.y) &- middleY)
        var (sum, moment) = (0, 0)
        var start = Int(run.first)
        // In stretches so short that whole numbers hold the sums exactly.
        while start <= Int(run.last) {
            let count = min(256, Int(run.last) &- start &+ 1)
            let pixels = row + (start &- Int(run.first))
            var (s0, s1, s2, s3) = (0, 0, 0, 0)
            for x in 0..<count {
                let level = Int(truncatingIfNeeded: pixels[x])
                see(level)
                let first = level &* x
                let second = first &* x
                s0 &+= level
                s1 &+= first
                s2 &+= second
                s3 &+= second &* x
            }
            sum &+= s0
            moment &+= s1 &+ s0 &* (start &- Int(run.first))
            let u = Double(start &- middleX)
            let (t0, t1, t2, t3) = (Double(s0), Double(s1), Double(s2), Double(s3))
            let r1 = t1 + u * t0
            let r2 = t2 + u * (2 * t1 + u * t0)
            let r3 = t3 + u * (3 * t2 + u * (3 * t1 + u * t0))
            m00 += t0
            m10 += r1
            m20 += r2
            m30 += r3
            m01 += v * t0
            m11 += v * r1
            m21 += v * r2
            m02 += v * v * t0
            m12 += v * v * r1
            m03 += v * v * v * t0
            start &+= count
        }
        return (sum, moment)
    }
}
