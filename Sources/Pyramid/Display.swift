import Raster
#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// How samples become what a person sees: a window of values, gamma, inversion, and a colour for each channel.
package struct Display: Sendable, Equatable {
    /// Sample values that become black and white; linear between them. They may lie outside of what samples can hold.
    package var window: ClosedRange<Double>
    /// Above 1 brightens the middle: a share t of the window becomes t to the power 1 / gamma.
    package var gamma = 1.0
    /// Black and white change places, after window and gamma.
    package var isInverted = false
    /// Of red, green and blue, or of gray: the colour that full light of the channel gives, nil where it is off. nil: as stored.
    package var colors: [BGR<UInt8>?]?

    package init(window: ClosedRange<Double>) { self.window = window }

    /// What each sample value from 0 to `most` becomes.
    func table(most: Int) -> [UInt8] {
        let span = max(window.upperBound - window.lowerBound, 1e-9)
        return (0...most).map { value in
            var share = min(1, max(0, (Double(value) - window.lowerBound) / span))
            if gamma != 1 { share = pow(share, 1 / gamma) }
            return UInt8((255 * (isInverted ? 1 - share : share)).rounded())
        }
    }

    /// The picture as it is shown. Colours of several channels add up and end at 255.
    package func rendered(_ image: AnyImage) -> AnyImage {
        let table = table(most: image.bitsPerSample == 8 ? 255 : 65_535)
        return table.withUnsafeBufferPointer { table in
            switch image {
            case .gray8(let image): gray(image, table)
            case .gray16(let image): gray(image, table)
            case .color8(let image): color(image, table)
            case .color16(let image): color(image, table)
            }
        }
    }

    private func gray<Sample: FixedWidthInteger & UnsignedInteger>(_ image: Image<Sample>, _ table: UnsafeBufferPointer<UInt8>) -> AnyImage {
        guard let colors else { return .gray8(mapped(image) { table[Int($0)] }) }
        let color = colors.first.flatMap { $0 } ?? BGR(blue: 0, green: 0, red: 0)
        let tinted = (0...255).map { level in
            BGR(blue: Self.share(color.blue, level), green: Self.share(color.green, level), red: Self.share(color.red, level))
        }
        return .color8(mapped(image) { tinted[Int(table[Int($0)])] })
    }

    private func color<Sample: FixedWidthInteger & UnsignedInteger>(_ image: Image<BGR<Sample>>, _ table: UnsafeBufferPointer<UInt8>) -> AnyImage {
        guard let colors else {
            return .color8(mapped(image) { BGR(blue: table[Int($0.blue)], green: table[Int($0.green)], red: table[Int($0.red)]) })
        }
        let black = BGR<UInt8>(blue: 0, green: 0, red: 0)
        let (red, green, blue) = (colors.first.flatMap { $0 } ?? black, colors.dropFirst().first.flatMap { $0 } ?? black, colors.dropFirst(2).first.flatMap { $0 } ?? black)
        return .color8(
            mapped(image) { pixel in
                let levels = (UInt32(table[Int(pixel.red)]), UInt32(table[Int(pixel.green)]), UInt32(table[Int(pixel.blue)]))
                func sum(_ a: UInt8, _ b: UInt8, _ c: UInt8) -> UInt8 {
                    UInt8(min(255, (levels.0 * UInt32(a) + levels.1 * UInt32(b) + levels.2 * UInt32(c) + 127) / 255))
                }
                return BGR(blue: sum(red.blue, green.blue, blue.blue), green: sum(red.green, green.green, blue.green), red: sum(red.red, green.red, blue.red))
            })
    }

    private static func share(_ color: UInt8, _ level: Int) -> UInt8 { UInt8((Int(color) * level + 127) / 255) }

    private func mapped<From, To>(_ image: Image<From>, _ change: (From) -> To) -> Image<To> {
        Image(width: image.width, height: image.height) { target in
            image.withBuffer { source in
                for index in source.indices { target[index] = change(source[index]) }
            }
        }
    }
}
