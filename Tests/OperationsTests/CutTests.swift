import Operations
import Raster
import Testing

@Test func `a line across parts an object at any angle, also for eight-connectivity`() {
    let block = Mask.full(Rect(x: 0, y: 0, width: 61, height: 61))
    for (x, y) in [(60, 0), (60, 60), (60, 17), (60, 41), (30, 60), (0, 60)] {
        let far = Point(x: Double(x) * 2 - 30, y: Double(y) * 2 - 30)
        let near = Point(x: 60 - far.x, y: 60 - far.y)
        let parts = block.cut(along: [near, far], width: 1)
        #expect(parts.count == 2, "\(x), \(y)")
        #expect(parts.reduce(0) { $0 + $1.area } < block.area)
    }
}

@Test func `a line that parts nothing changes nothing`() {
    let block = Mask.full(Rect(x: 0, y: 0, width: 20, height: 20))
    #expect(block.cut(along: [Point(x: 5, y: 5), Point(x: 9, y: 9)]) == [block])
    #expect(block.cut(along: []) == [block])
}
