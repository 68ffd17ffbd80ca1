import Operations
import Raster
import Testing

@Test func `outside of the area the picture goes on as its nearest pixels do`() {
    for area in drawnMasks(seed: 31) {
        let (width, height) = (area.bounds.width, area.bounds.height)
        let image = Image<UInt16>(width: width, height: height, pixels: (0..<(width * height)).map { UInt16($0 % 60_000) })
        let extended = image.extended(beyond: area)
        guard !area.isEmpty else {
            #expect(extended == image)
            continue
        }
        for y in 0..<height {
            let row = (0..<height).filter { row in area.runs.contains { Int($0.y) == row } }.min { (abs($0 - y), $0) < (abs($1 - y), $1) }!
            for x in 0..<width {
                let column = (0..<width).filter { area.contains(x: $0, y: row) }.min { (abs($0 - x), $0) < (abs($1 - x), $1) }!
                #expect(extended[x, y] == image[column, row], "(\(x), \(y))")
            }
        }
    }
}

@Test func `an area that reaches beyond the picture counts as far as it lies in it`() {
    let image = Image<UInt8>(width: 2, height: 1, pixels: [3, 4])
    #expect(image.extended(beyond: .full(Rect(x: -9, y: -9, width: 99, height: 99))) == image)
    #expect(image.extended(beyond: Mask(bounds: Rect(x: 1, y: 0, width: 9, height: 1), sortedRuns: [Run(y: 0, first: 1, last: 5)])) == Image(width: 2, height: 1, pixels: [4, 4]))
}
