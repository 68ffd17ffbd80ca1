import Operations
import Raster
import Testing

/// Counts every pixel of the disk around every pixel.
private func plainlySmoothed(_ mask: Mask, radius: Int) -> Mask {
    let plain = PlainMask(mask)
    return PlainMask(width: mask.bounds.width, height: mask.bounds.height).map { x, y in
        var (inside, all) = (0, 0)
        for dy in -radius...radius {
            for dx in -radius...radius where dx * dx + dy * dy <= radius * radius {
                all += 1
                let (u, v) = (x + dx, y + dy)
                if u >= 0, v >= 0, u < mask.bounds.width, v < mask.bounds.height, plain[u, v] { inside += 1 }
            }
        }
        return 2 * inside > all
    }.mask
}

@Test(arguments: 1...6) func `smoothing equals counting the disk around every pixel`(radius: Int) {
    for mask in drawnMasks() where mask.bounds.x == 0 && mask.bounds.y == 0 {
        #expect(mask.smoothed(radius: radius).runs == plainlySmoothed(mask, radius: radius).runs)
    }
}

@Test func `a smoothed square keeps its sides and loses its corners, a lone line goes`() {
    let square = Mask.full(Rect(x: 5, y: 7, width: 20, height: 20))
    let smooth = square.smoothed(radius: 2)
    #expect(smooth.boundingBox == square.bounds && smooth.area < square.area && !smooth.contains(x: 5, y: 7) && smooth.contains(x: 5, y: 15))
    #expect(Mask("#########").smoothed(radius: 2).isEmpty)
    #expect(Mask("...").smoothed(radius: 2).isEmpty && Mask("#").smoothed(radius: 0) == Mask("#") && Mask("#").smoothed(radius: 1).isEmpty)
}
