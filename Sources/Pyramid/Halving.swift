/// Means of 2 × 2 pixels, rounded half up, of `2 * width` × `2 * height` pixels of 8-bit samples.
package func halve(
    _ from: UnsafePointer<UInt8>, stride: Int, width: Int, height: Int, channels: Int, into out: UnsafeMutablePointer<UInt8>,
    stride outStride: Int
) {
    for y in 0..<height {
        let (upper, lower) = (from + 2 * y * stride, from + (2 * y + 1) * stride)
        let row = out + y * outStride
        if channels == 1 {
            for x in 0..<width {
                let sum = UInt16(upper[2 * x]) &+ UInt16(upper[2 * x + 1]) &+ UInt16(lower[2 * x]) &+ UInt16(lower[2 * x + 1])
                row[x] = UInt8(truncatingIfNeeded: (sum &+ 2) >> 2)
            }
        } else {
            for x in 0..<width {
                for channel in 0..<3 {
                    let at = 6 * x + channel
                    let sum = UInt16(upper[at]) &+ UInt16(upper[at + 3]) &+ UInt16(lower[at]) &+ UInt16(lower[at + 3])
                    row[3 * x + channel] = UInt8(truncatingIfNeeded: (sum &+ 2) >> 2)
                }
            }
        }
    }
}
