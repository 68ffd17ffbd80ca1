import Raster

/// A frame of drawn plankton in bright field and the truth about it: the same bytes for the same numbers on every machine.
///
/// About 55 bodies (and as many specks of dirt) on 2,000 × 1,500 pixels; other sizes hold as many a pixel, bodies keep
/// their size. Some bodies touch or overlap, aggregates have holes with a pellet inside, some bodies are cut by the border.
/// The light falls off towards the corners and is uneven, faint dust on the optics stays in place from frame to frame.
package struct DemoScene: Sendable {
    package let width: Int
    package let height: Int
    /// What the camera sees: 8 bits, with uneven light and noise.
    package let image: Image<BGR<UInt8>>
    /// The bodies in the order in which they were laid down; later ones lie above.
    package let objects: [DemoObject]

    /// Edge of a pixel that the demo files state, in µm.
    package static let pixelSize = 5.0

    /// - Parameters: `seed` stands for the instrument and the cruise, `frame` for one picture.
    /// - Complexity: about 50 ns a pixel.
    package init(seed: UInt64 = 1, frame: Int, width: Int = 2000, height: Int = 1500) {
        precondition(width > 0 && height > 0, "a frame of \(width) × \(height) pixels cannot be drawn")
        (self.width, self.height) = (width, height)
        var light = [SIMD4<UInt16>](repeating: SIMD4(repeating: 65535), count: width * height)
        objects = light.withUnsafeMutableBufferPointer { light in
            Self.layDust(light, seed: seed, width: width, height: height)
            var composer = Composer(frame: Rect(x: 0, y: 0, width: width, height: height), random: DemoRandom(seed, UInt64(bitPattern: Int64(frame)), 1))
            composer.compose(light)
            return composer.objects
        }
        image = Self.expose(light, seed: seed, frame: frame, width: width, height: height)
    }

    /// One number a pixel: index of the uppermost body + 1, 0 = water.
    package func labels() -> LabelImage {
        var labels = LabelImage(width: width, height: height, repeating: 0)
        labels.withMutableBuffer { pixels in
            for (index, object) in objects.enumerated() {
                for run in object.mask.runs {
                    let row = Int(run.y) * width
                    for x in Int(run.first)...Int(run.last) { pixels[row + x] = Int32(index + 1) }
                }
            }
        }
        return labels
    }

    // MARK: light

    /// Dirt on the optics, far out of focus: pale rings of at most 5 % at the same place in every frame of an instrument.
    private static func layDust(_ light: UnsafeMutableBufferPointer<SIMD4<UInt16>>, seed: UInt64, width: Int, height: Int) {
        var random = DemoRandom(seed, 2)
        for _ in 0..<max(1, (width * height + 250_000) / 500_000) {
            let (cx, cy) = (random.unit() * Double(width), random.unit() * Double(height))
            let radius = random.between(12, 34), depth = random.between(0.02, 0.05)
            for y in max(0, Int(cy - radius - 1))..<max(0, min(height, Int(cy + radius + 2))) {
                for x in max(0, Int(cx - radius - 1))..<max(0, min(width, Int(cx + radius + 2))) {
                    let (dx, dy) = (Double(x) - cx, Double(y) - cy)
                    let r = (dx * dx + dy * dy).squareRoot() / radius
                    guard r < 1 else { continue }
                    let ring = 0.45 + 0.55 * r * r
                    let soft = min(1, (1 - r) * 5)
                    let kept = UInt32(65536 * (1 - depth * ring * soft))
                    let old = light[y * width + x]
                    light[y * width + x] = SIMD4(
                        UInt16((UInt32(old.x) * kept) >> 16), UInt16((UInt32(old.y) * kept) >> 16), UInt16((UInt32(old.z) * kept) >> 16), 0)
                }
            }
        }
    }

    /// Lamp, vignetting and sensor.
    private static func expose(_ light: [SIMD4<UInt16>], seed: UInt64, frame: Int, width: Int, height: Int) -> Image<BGR<UInt8>> {
        var random = DemoRandom(seed, UInt64(bitPattern: Int64(frame)), 3)
        // Exposure changes a little from frame to frame.
        let exposure = Float(random.between(0.975, 1.015))
        var lamp = DemoRandom(seed, 4)
        let half = Double(max(width, height)) / 2
        let (cx, cy) = (Double(width) * lamp.between(0.46, 0.54), Double(height) * lamp.between(0.46, 0.54))
        let mottle = ValueNoise(seed: lamp.next(), cell: max(40, half / 4))
        let white = SIMD4<Float>(222, 231, 233, 0) * exposure * (1 / 65535)
        let step = 8  // the lamp changes slowly: it is computed at every eighth pixel
        let columns = (width + step - 1) / step + 1
        func lampRow(_ y: Int) -> [Float] {
            (0..<columns).map { column in
                let (dx, dy) = ((Double(column * step) - cx) / half, (Double(y) - cy) / half)
                let r2 = dx * dx + dy * dy
                let fall = 1 - 0.30 * r2 + 0.035 * r2 * r2
                return Float(max(0.25, fall) * (0.985 + 0.03 * mottle.at(Double(column * step), Double(y))))
            }
        }
        return Image(width: width, height: height) { pixels in
            light.withUnsafeBufferPointer { light in
                var above = lampRow(0), below = above
                for y in 0..<height {
                    if y % step == 0 {
                        above = y == 0 ? above : below
                        below = lampRow(y + step)
                    }
                    let v = Float(y % step) / Float(step)
                    var noise = DemoRandom(seed, UInt64(bitPattern: Int64(frame)), UInt64(y) + 16)
                    for x in 0..<width {
                        let column = x / step
                        let u = Float(x % step) / Float(step)
                        let top = above[column] + (above[column + 1] - above[column]) * u
                        let bottom = below[column] + (below[column + 1] - below[column]) * u
                        let lamp = top + (bottom - top) * v
                        let through = light[y * width + x]
                        var signal = SIMD4<Float>(Float(through.x), Float(through.y), Float(through.z), 0) * white * lamp
                        // Photons and electronics.
                        let deviation = 0.5 + 0.10 * signal.squareRoot()
                        signal += deviation * SIMD4(noise.bell(), noise.bell(), noise.bell(), 0) + 0.5
                        signal.clamp(lowerBound: .zero, upperBound: SIMD4(repeating: 255))
                        pixels[y * width + x] = BGR(blue: UInt8(signal.x), green: UInt8(signal.y), red: UInt8(signal.z))
                    }
                }
            }
        }
    }
}
