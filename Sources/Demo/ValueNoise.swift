/// Smooth random field: random numbers on a grid, blended between its points.
struct ValueNoise {
    let seed: UInt64
    /// Distance of the grid's points in pixels.
    let cell: Double

    /// 0 … 1.
    func at(_ x: Double, _ y: Double) -> Double {
        let (gx, gy) = (x / cell, y / cell)
        let (fx, fy) = (gx.rounded(.down), gy.rounded(.down))
        let (ix, iy) = (Int(fx), Int(fy))
        let (u, v) = (smooth(gx - fx), smooth(gy - fy))
        let top = corner(ix, iy) * (1 - u) + corner(ix + 1, iy) * u
        let bottom = corner(ix, iy + 1) * (1 - u) + corner(ix + 1, iy + 1) * u
        return top * (1 - v) + bottom * v
    }

    @inline(__always) private func smooth(_ t: Double) -> Double { t * t * (3 - 2 * t) }

    @inline(__always) private func corner(_ x: Int, _ y: Int) -> Double {
        let hash = DemoRandom.mixed(seed ^ UInt64(bitPattern: Int64(x)) &* 0x9e37_79b9_7f4a_7c15 ^ UInt64(bitPattern: Int64(y)) &* 0xc2b2_ae3d_27d4_eb4f)
        return Double(hash >> 40) * 0x1p-24
    }
}
