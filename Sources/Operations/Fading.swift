import Raster

extension AnyImage {
    /// Copy in which the pixels of `area` outside of `mask` are mixed with a colour: (1 − alpha) · level + alpha · colour, cut to a whole number.
    ///
    /// A gray image becomes a colour image when the colour is none of its grays.
    /// - Parameters:
    ///   - area: what may change; nil for the whole picture.
    ///   - alpha: 0 changes nothing, 1 leaves only the colour.
    /// - Complexity: linear in the pixels.
    /// - Source: equals MorphoCut's `ExtractROI` with `alpha` and `bg_color`, which cuts off fractions too.
    public func faded(outside mask: Mask, in area: Rect? = nil, toward color: BGR<UInt8>, alpha: Double) -> AnyImage {
        precondition((0...1).contains(alpha), "alpha is \(alpha), not 0 to 1")
        let outside = Mask.full((area ?? bounds).intersection(bounds)).subtracting(mask)
        return switch holding(color) {
        case .gray8(let image): .gray8(image.mixed(outside, [Double(color.green)], alpha))
        case .gray16(let image): .gray16(image.mixed(outside, [Double(color.wide.green)], alpha))
        case .color8(let image): .color8(image.mixed(outside, [Double(color.blue), Double(color.green), Double(color.red)], alpha))
        case .color16(let image): .color16(image.mixed(outside, [Double(color.wide.blue), Double(color.wide.green), Double(color.wide.red)], alpha))
        }
    }
}

extension Image where Pixel: FilterPixel, Pixel.Sample: FixedWidthInteger & UnsignedInteger {
    fileprivate func mixed(_ outside: Mask, _ color: [Double], _ alpha: Double) -> Image {
        var result = self
        let shares = color.map { $0 * alpha }
        result.withMutableBuffer { pixels in
            guard let start = pixels.baseAddress else { return }
            let samples = UnsafeMutableRawPointer(start).assumingMemoryBound(to: Pixel.Sample.self)
            for run in outside.runs {
                let row = samples + (Int(run.y) * width + Int(run.first)) * Pixel.channels
                for channel in 0..<Pixel.channels {
                    let share = shares[channel]
                    for x in stride(from: channel, to: run.count * Pixel.channels, by: Pixel.channels) {
                        row[x] = Pixel.Sample(share + (1 - alpha) * Double(row[x]))
                    }
                }
            }
        }
        return result
    }
}
