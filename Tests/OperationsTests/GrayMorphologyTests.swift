import Operations
import Raster
import Testing

private let brushes: [Brush] = [
    .disk(radius: 0), .disk(radius: 1), .disk(radius: 2), .disk(radius: 5), .disk(radius: 60), .rectangle(x: 0, y: 0), .rectangle(x: 1, y: 0),
    .rectangle(x: 0, y: 1), .rectangle(x: 3, y: 2), .rectangle(x: 7, y: 4), .rectangle(x: 80, y: 90), .disk(radius: Int(Int32.max)),
]

@Test(arguments: brushes)
func `gray dilation and erosion equal trying every pixel of the brush`(brush: Brush) {
    var random = Random(seed: 9)
    for (width, height) in [(1, 1), (17, 9), (40, 23), (3, 31), (0, 0)] {
        let image = Image<UInt8>(width: width, height: height, pixels: (0..<(width * height)).map { _ in UInt8.random(in: 0...255, using: &random) })
        func extreme(_ x: Int, _ y: Int, _ better: (UInt8, UInt8) -> UInt8) -> UInt8 {
            var best = image[x, y]
            for v in 0..<height {
                for u in 0..<width {
                    let within = switch brush {
                    case .disk(let radius): (u - x) * (u - x) + (v - y) * (v - y) <= radius * radius
                    case .rectangle(let a, let b): abs(u - x) <= a && abs(v - y) <= b
                    }
                    if within { best = better(best, image[u, v]) }
                }
            }
            return best
        }
        let (dilated, eroded) = (image.dilated(brush), image.eroded(brush))
        let wide = Image<UInt16>(width: width, height: height, pixels: image.withBuffer { $0.map { UInt16($0) * 257 } })
        let (wideDilated, wideEroded) = (wide.dilated(brush), wide.eroded(brush))
        for y in 0..<height {
            for x in 0..<width {
                let (most, least) = (extreme(x, y) { max($0, $1) }, extreme(x, y) { min($0, $1) })
                #expect(dilated[x, y] == most && eroded[x, y] == least)
                #expect(wideDilated[x, y] == UInt16(most) * 257 && wideEroded[x, y] == UInt16(least) * 257)
            }
        }
        #expect(image.opened(brush) == eroded.dilated(brush) && image.closed(brush) == dilated.eroded(brush))
    }
}
