import Pyramid
import Testing

struct PyramidLayoutTests {
    @Test func `levels halve, rounded up, until one tile holds the image`() {
        let layout = PyramidLayout(width: 5001, height: 3333, tileSize: 512)
        #expect(layout.levels.map { [$0.width, $0.height, $0.columns, $0.rows] } == [
            [313, 209, 1, 1], [626, 417, 2, 1], [1251, 834, 3, 2], [2501, 1667, 5, 4], [5001, 3333, 10, 7],
        ])
        #expect(PyramidLayout(width: 512, height: 1, tileSize: 512).levels.count == 1)
        #expect(PyramidLayout(width: 513, height: 1, tileSize: 512).levels.count == 2)
    }

    @Test func `tiles at the right and lower edge are cropped, none lie outside`() throws {
        let layout = PyramidLayout(width: 5001, height: 3333, tileSize: 512)
        let corner = try #require(layout.tile(z: 4, x: 9, y: 6))
        #expect((corner.width, corner.height) == (5001 - 9 * 512, 3333 - 6 * 512))
        for (z, x, y) in [(-1, 0, 0), (5, 0, 0), (4, 10, 0), (4, 0, 7), (4, -1, 0), (4, 0, -1)] { #expect(layout.tile(z: z, x: x, y: y) == nil) }
    }
}
