/// Composes one row on white, rounding to nearest, and drops the alpha sample, which is the last of each pixel.
///
/// - Parameters: `samples` stored samples a pixel, `colors` samples to keep (1 or 3, the first ones).
func composeOnWhite(_ row: UnsafePointer<UInt8>, samples: Int, colors: Int, width: Int, into out: UnsafeMutablePointer<UInt8>) {
    for x in 0..<width {
        let alpha = UInt32(row[x * samples + samples - 1])
        for color in 0..<colors {
            let sum = UInt32(row[x * samples + color]) &* alpha &+ 255 &* (255 &- alpha)
            out[x * colors + color] = UInt8(truncatingIfNeeded: (sum &+ 127) / 255)
        }
    }
}

func composeOnWhite(_ row: UnsafePointer<UInt16>, samples: Int, colors: Int, width: Int, into out: UnsafeMutablePointer<UInt16>) {
    for x in 0..<width {
        let alpha = UInt64(row[x * samples + samples - 1])
        for color in 0..<colors {
            let sum = UInt64(row[x * samples + color]) &* alpha &+ 65535 &* (65535 &- alpha)
            out[x * colors + color] = UInt16(truncatingIfNeeded: (sum &+ 32767) / 65535)
        }
    }
}

/// One row of cyan, magenta, yellow, black (and further samples, which are dropped) as blue, green, red:
/// paper white less each ink, without a colour profile. `inverted`: 255 means no ink, as Adobe's JPEG files have it.
func turnInkToColor(_ row: [UInt8], samples: Int, width: Int, inverted: Bool, into out: UnsafeMutablePointer<UInt8>) {
    row.withUnsafeBufferPointer { row in
        let flip: UInt8 = inverted ? 0 : 255
        for x in 0..<width {
            let black = UInt32(row[x * samples + 3] ^ flip)
            for color in 0..<3 {
                let light = UInt32(row[x * samples + 2 - color] ^ flip) &* black
                out[3 * x + color] = UInt8(truncatingIfNeeded: (light &+ 127) / 255)
            }
        }
    }
}

/// The same in 16 bits.
func turnInkToColor(_ row: [UInt16], samples: Int, width: Int, into out: UnsafeMutablePointer<UInt16>) {
    row.withUnsafeBufferPointer { row in
        for x in 0..<width {
            let black = UInt64(row[x * samples + 3] ^ 65535)
            for color in 0..<3 {
                let light = UInt64(row[x * samples + 2 - color] ^ 65535) &* black
                out[3 * x + color] = UInt16(truncatingIfNeeded: (light &+ 32767) / 65535)
            }
        }
    }
}
