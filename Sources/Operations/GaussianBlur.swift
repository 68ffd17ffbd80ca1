import Foundation
import Raster

extension Image where Pixel == UInt8 {
    /// The image blurred by a Gaussian, rounded to the nearest level.
    ///
    /// The image goes on mirrored beyond its border, the edge pixel twice (`reflect` in SciPy, `BORDER_REFLECT` in OpenCV).
    /// Below σ = 2.6 the kernel is applied as it is, cut at 4 σ. From there on it is applied to an image halved once or several times, and
    /// from σ = 32 on to a grid of cells a quarter σ wide; both differ from the kernel itself by at most 0.03 levels on drawn black and white
    /// patterns, and by at most half a level on a grating of the worst frequency: at most one level after rounding.
    /// - Parameter sigma: in pixels, finite, at least 0; 0 gives the image itself.
    /// - Complexity: 2 · 4 σ steps a pixel below σ = 2.6, above passes that do not depend on σ.
    /// - Source: equals `scipy.ndimage.gaussian_filter(mode="reflect", truncate=4)`, on which scikit-image's `gaussian` rests.
    public func gaussianBlurred(sigma: Double) -> Image<UInt8> { blurred(sigma) }
}

extension Image where Pixel == UInt16 {
    /// The image blurred by a Gaussian as for 8 bits; it is halved from σ = 5.2 on, cells are an eighth of σ wide, and the
    /// error is 1 of 65,535 levels, or 3 on a grating of the worst frequency.
    public func gaussianBlurred(sigma: Double) -> Image<UInt16> { blurred(sigma) }
}

extension Image where Pixel == Float {
    /// The image blurred by a Gaussian as for 16 bits; the error is about 1 / 60,000 of the range of levels.
    public func gaussianBlurred(sigma: Double) -> Image<Float> { blurred(sigma) }
}

extension Image where Pixel == BGR<UInt8> {
    /// The image blurred by a Gaussian, each channel for itself.
    public func gaussianBlurred(sigma: Double) -> Image<BGR<UInt8>> { blurred(sigma) }
}

extension Image where Pixel == BGR<UInt16> {
    /// The image blurred by a Gaussian, each channel for itself.
    public func gaussianBlurred(sigma: Double) -> Image<BGR<UInt16>> { blurred(sigma) }
}

extension AnyImage {
    /// The image blurred by a Gaussian, each channel for itself.
    public func gaussianBlurred(sigma: Double) -> AnyImage {
        switch self {
        case .gray8(let image): .gray8(image.gaussianBlurred(sigma: sigma))
        case .gray16(let image): .gray16(image.gaussianBlurred(sigma: sigma))
        case .color8(let image): .color8(image.gaussianBlurred(sigma: sigma))
        case .color16(let image): .color16(image.gaussianBlurred(sigma: sigma))
        }
    }
}

extension Image where Pixel: FilterPixel {
    private func blurred(_ sigma: Double) -> Image {
        precondition(sigma >= 0 && sigma.isFinite, "σ = \(sigma) is no width of a Gaussian")
        guard sigma > 0, !isEmpty else { return self }
        return Image(width: width, height: height, writingSamples: { target in
            let count = width * Pixel.channels
            forEachBlurredRow(sigma: sigma, fineness: Pixel.Sample.self == UInt8.self ? 4 : 8) { y, row in
                Pixel.Sample.narrow(row, target + y &* count, count: count)
            }
        })
    }

    /// Rows of the blurred image from top to bottom, samples as in the image. `fineness`: cells per σ when σ is large.
    func forEachBlurredRow(sigma: Double, fineness: Double, _ body: (Int, UnsafePointer<Float>) -> Void) {
        let halvings = HalvedBlur.halvings(sigma: sigma, fineness: fineness)
        if halvings == 0 {
            withSamples { GaussianKernel.blurRows($0, horizontal: GaussianKernel(sigma: sigma), vertical: GaussianKernel(sigma: sigma), body) }
        } else if sigma < 32 {
            withSamples { HalvedBlur(sigma: sigma, halvings: halvings).blurRows($0, body) }
        } else {
            SmoothGrid(blurring: self, sigma: sigma, fineness: fineness).forEachRow(body)
        }
    }
}

/// Samples of a Gaussian at whole distances from 0, cut at 4 σ; they sum up to 1 (those beside the middle counted twice).
struct GaussianKernel {
    let weights: [Float]
    var radius: Int { weights.count - 1 }

    /// - Parameter weights: of the middle and of the places on either side of it.
    init(weights: [Float]) { self.weights = weights }

    init(sigma: Double) { self.init(sigma: sigma, radius: Int(4 * sigma + 0.5)) }

    init(sigma: Double, radius: Int) {
        let bell = (0...radius).map { sigma > 0 ? exp(-0.5 * Double($0 * $0) / (sigma * sigma)) : ($0 == 0 ? 1 : 0) }
        let sum = 2 * bell.reduce(0, +) - bell[0]
        weights = bell.map { Float($0 / sum) }
    }

    /// Rows of the plane after both kernels, from top to bottom. Holds as many rows as the vertical kernel is long.
    static func blurRows<Sample>(
        _ plane: SamplePlane<Sample>, horizontal: GaussianKernel, vertical: GaussianKernel, _ body: (Int, UnsafePointer<Float>) -> Void
    ) {
        blurRows(
            width: plane.width, height: plane.height, channels: plane.channels, horizontal: horizontal, vertical: vertical,
            fill: { y, line in Sample.widen(plane.row(y), line, count: plane.rowCount) }, body)
    }

    /// As above, of rows that `fill` writes; it is called for every row once, from top to bottom.
    static func blurRows(
        width: Int, height: Int, channels: Int, horizontal: GaussianKernel, vertical: GaussianKernel,
        fill: (Int, UnsafeMutablePointer<Float>) -> Void, _ body: (Int, UnsafePointer<Float>) -> Void
    ) {
        let (count, reach) = (width * channels, vertical.radius)
        // Whole blocks, so that no loop has a rest.
        let length = (count + 15) / 16 * 16
        let slots = min(height, 2 * reach + 1)
        let padded = UnsafeMutablePointer<Float>.allocate(capacity: length + 2 * horizontal.radius * channels)
        padded.initialize(repeating: 0, count: length + 2 * horizontal.radius * channels)
        let ring = UnsafeMutablePointer<Float>.allocate(capacity: (slots + 1) * length)
        let result = ring + slots * length
        var lines = [UnsafePointer<Float>](repeating: UnsafePointer(ring), count: 2 * reach + 1)
        defer {
            padded.deallocate()
            ring.deallocate()
        }
        var ready = 0
        for y in 0..<height {
            while ready <= min(height - 1, y + reach) {
                fill(ready, padded + horizontal.radius * channels)
                horizontal.blurRow(padded, width, channels, ring + ready % slots * length, length)
                ready += 1
            }
            for offset in -reach...reach { lines[reach + offset] = UnsafePointer(ring + reflected(y + offset, height) % slots * length) }
            vertical.combine(lines, result, length)
            body(y, UnsafePointer(result))
        }
    }

    /// One row, to be mirrored at both ends.
    private func blurRow(_ padded: UnsafeMutablePointer<Float>, _ width: Int, _ channels: Int, _ target: UnsafeMutablePointer<Float>, _ length: Int) {
        let margin = radius * channels
        for place in 0..<radius {
            let (left, right) = (reflected(-1 - place, width), reflected(width + place, width))
            for channel in 0..<channels {
                padded[margin - (place + 1) * channels + channel] = padded[margin + left * channels + channel]
                padded[margin + (width + place) * channels + channel] = padded[margin + right * channels + channel]
            }
        }
        weights.withUnsafeBufferPointer { weights in
            for x in stride(from: 0, to: length, by: 16) {
                let middle = UnsafeRawPointer(padded + margin + x)
                var sum = middle.loadUnaligned(as: SIMD16<Float>.self) * weights[0]
                for distance in 1..<max(1, weights.count) {
                    let offset = distance &* channels &* 4
                    let pair = (middle - offset).loadUnaligned(as: SIMD16<Float>.self) + (middle + offset).loadUnaligned(as: SIMD16<Float>.self)
                    sum += pair * weights[distance]
                }
                UnsafeMutableRawPointer(target + x).storeBytes(of: sum, as: SIMD16<Float>.self)
            }
        }
    }

    /// Weighted sum of 2 · radius + 1 lines.
    private func combine(_ lines: [UnsafePointer<Float>], _ target: UnsafeMutablePointer<Float>, _ length: Int) {
        weights.withUnsafeBufferPointer { weights in
            lines.withUnsafeBufferPointer { lines in
                for x in stride(from: 0, to: length, by: 16) {
                    var sum = UnsafeRawPointer(lines[radius] + x).loadUnaligned(as: SIMD16<Float>.self) * weights[0]
                    for distance in 1..<max(1, weights.count) {
                        let (above, below) = (UnsafeRawPointer(lines[radius &- distance] + x), UnsafeRawPointer(lines[radius &+ distance] + x))
                        sum += (above.loadUnaligned(as: SIMD16<Float>.self) + below.loadUnaligned(as: SIMD16<Float>.self)) * weights[distance]
                    }
                    UnsafeMutableRawPointer(target + x).storeBytes(of: sum, as: SIMD16<Float>.self)
                }
            }
        }
    }
}
