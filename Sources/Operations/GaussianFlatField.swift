import Raster

/// Uneven light estimated from one frame as the frame blurred by a wide Gaussian, and divided out.
///
/// Level × mean of the blurred frame / blurred frame. Right where the blur averages over many objects that are spread evenly; a dense
/// or uneven frame leaves its objects in the estimate and gets *less* even (``VignettingCorrection`` tells the two apart).
/// - Source: Leong, Brady & McGee 2003, doi:10.1136/jcp.56.8.619; equals `c = g · mean(b) / b` with SciPy's
///   `b = gaussian_filter(g, sigma, mode="reflect")` within one level.
public struct GaussianFlatField: Hashable, Sendable {
    public let width: Int
    public let height: Int
    /// In pixels.
    public let sigma: Double
    /// Mean gray level of the blurred frame, which the background gets.
    public let mean: Double
    private let background: Background

    private enum Background: Hashable, Sendable {
        case smooth(SmoothGrid)
        case detailed(Image<Float>)
    }

    /// - Parameter sigma: in pixels, above 0; far wider than the objects.
    /// - Throws: `.outOfRange` for another σ; `.emptyImage`.
    /// - Complexity: one pass for a large σ, of which a coarse grid is kept.
    public init(estimating image: Image<UInt8>, sigma: Double) throws(OperationError) { try self.init(of: image, sigma: sigma) }

    public init(estimating image: Image<UInt16>, sigma: Double) throws(OperationError) { try self.init(of: image, sigma: sigma) }

    /// Estimates from the gray levels; all channels get the same factor.
    public init(estimating image: AnyImage, sigma: Double) throws(OperationError) {
        switch image {
        case .gray8, .color8: try self.init(of: image.gray8(), sigma: sigma)
        case .gray16, .color16: try self.init(of: image.gray16(), sigma: sigma)
        }
    }

    private init<Pixel: FilterPixel>(of image: Image<Pixel>, sigma: Double) throws(OperationError) {
        guard sigma > 0, sigma.isFinite else {
            throw .outOfRange(operation: "Gaussian flat field", parameter: "sigma", value: "\(sigma)", allowed: "above 0")
        }
        guard !image.isEmpty else { throw .emptyImage(operation: "Gaussian flat field") }
        (width, height, self.sigma) = (image.width, image.height, sigma)
        let fineness = 8.0
        if sigma >= 2 * fineness {
            let grid = SmoothGrid(blurring: image, sigma: sigma, fineness: fineness)
            (mean, background) = (grid.mean(channel: 0), .smooth(grid))
        } else {
            let (width, height) = (image.width, image.height)
            var sum = 0.0
            let blurred = Image<Float>(width: width, height: height) { target in
                image.forEachBlurredRow(sigma: sigma, fineness: fineness) { y, row in
                    (target.baseAddress! + y * width).initialize(from: row, count: width)
                    for x in 0..<width { sum += Double(row[x]) }
                }
            }
            (mean, background) = (sum / Double(width * height), .detailed(blurred))
        }
    }

    /// The image with an even background, rounded, at most the highest level; 0 where the background is 0.
    ///
    /// - Precondition: same size as the image it was estimated from.
    /// - Complexity: one pass.
    public func apply(to image: Image<UInt8>) -> Image<UInt8> { corrected(image) }
    public func apply(to image: Image<UInt16>) -> Image<UInt16> { corrected(image) }
    public func apply(to image: Image<BGR<UInt8>>) -> Image<BGR<UInt8>> { corrected(image) }
    public func apply(to image: Image<BGR<UInt16>>) -> Image<BGR<UInt16>> { corrected(image) }

    public func apply(to image: AnyImage) -> AnyImage {
        switch image {
        case .gray8(let image): .gray8(apply(to: image))
        case .gray16(let image): .gray16(apply(to: image))
        case .color8(let image): .color8(apply(to: image))
        case .color16(let image): .color16(apply(to: image))
        }
    }

    private func corrected<Pixel: FilterPixel>(_ image: Image<Pixel>) -> Image<Pixel> {
        precondition(image.width == width && image.height == height, "\(image.width) × \(image.height) pixels, not \(width) × \(height)")
        return Image(width: width, height: height, writingSamples: { target in
            image.withSamples { plane in
                let count = plane.rowCount
                let levels = UnsafeMutablePointer<Float>.allocate(capacity: count + width)
                let gains = levels + count
                defer { levels.deallocate() }
                forEachRow { y, background in
                    let mean = Float(mean)
                    for x in 0..<width { gains[x] = background[x] > 0 ? mean / background[x] : 0 }
                    Pixel.Sample.widen(plane.row(y), levels, count: count)
                    if plane.channels == 1 {
                        for x in 0..<width { levels[x] *= gains[x] }
                    } else {
                        for x in 0..<width {
                            for channel in 0..<plane.channels { levels[x &* plane.channels &+ channel] *= gains[x] }
                        }
                    }
                    Pixel.Sample.narrow(levels, target + y * count, count: count)
                }
            }
        })
    }

    /// The estimated background from top to bottom.
    private func forEachRow(_ body: (Int, UnsafePointer<Float>) -> Void) {
        switch background {
        case .smooth(let grid): grid.forEachRow(body)
        case .detailed(let image):
            image.withBuffer { pixels in for y in 0..<height { body(y, pixels.baseAddress! + y * width) } }
        }
    }
}
