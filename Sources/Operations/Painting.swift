import Raster

extension AnyImage {
    /// Copy with every pixel of `mask` in one colour. A gray image becomes a colour image when the colour is none of its grays.
    ///
    /// - Parameter color: 8 bits a sample; 16-bit images get the same share of their range.
    /// - Complexity: linear in the pixels.
    public func painted(_ mask: Mask, color: BGR<UInt8>) -> AnyImage {
        let mask = mask.clipped(to: bounds)
        return switch holding(color) {
        case .gray8(let image): .gray8(image.filled(mask, with: color.green))
        case .gray16(let image): .gray16(image.filled(mask, with: UInt16(color.green) * 257))
        case .color8(let image): .color8(image.filled(mask, with: color))
        case .color16(let image): .color16(image.filled(mask, with: color.wide))
        }
    }

    /// Copy with `part` laid over it, in colour when one of both is.
    ///
    /// - Precondition: it lies inside, and samples are equally deep.
    public func laying(_ part: AnyImage, x: Int, y: Int) -> AnyImage {
        precondition(bitsPerSample == part.bitsPerSample, "a picture of \(part.bitsPerSample) bits cannot lie on one of \(bitsPerSample)")
        return channels == part.channels ? replacing(x: x, y: y, with: part) : inColor.replacing(x: x, y: y, with: part.inColor)
    }

    private var inColor: AnyImage {
        switch self {
        case .gray8(let image): .color8(image.mapped { BGR(blue: $0, green: $0, red: $0) })
        case .gray16(let image): .color16(image.mapped { BGR(blue: $0, green: $0, red: $0) })
        case .color8, .color16: self
        }
    }

    /// Itself, or in three channels when `color` cannot be had in one.
    func holding(_ color: BGR<UInt8>) -> AnyImage {
        color.blue == color.green && color.green == color.red ? self : inColor
    }
}

extension BGR<UInt8> {
    var wide: BGR<UInt16> { BGR<UInt16>(blue: UInt16(blue) * 257, green: UInt16(green) * 257, red: UInt16(red) * 257) }
}

extension Image {
    fileprivate func filled(_ mask: Mask, with pixel: Pixel) -> Image {
        var result = self
        result.withMutableBuffer { pixels in
            for run in mask.runs {
                pixels[(Int(run.y) * width + Int(run.first))..<(Int(run.y) * width + Int(run.last) + 1)].update(repeating: pixel)
            }
        }
        return result
    }
}
