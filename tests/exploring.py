"""What a person does on the explorer's page, and what it then shows."""

from playwright.sync_api import Page

Click = tuple[str, str]  # the name of a select and its option; or "button" and its name

PIXELS = """([selector, step, first]) => {
  const canvas = document.querySelector(selector), { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  const found = [];
  for (let y = first; y < height; y += step) {
    for (let x = first; x < width; x += step) found.push(...data.slice(4 * (y * width + x), 4 * (y * width + x) + 4));
  }
  return found;
}"""  # RGBA of every so many pixels of a canvas


def opened(page: Page, address: str) -> Page:
    page.goto("about:blank")  # since an address that differs in its last part alone loads nothing anew
    page.goto(address)
    page.wait_for_selector('#explorer-app[data-ready][aria-busy="false"]')
    return page


def ask(page: Page, *clicks: Click) -> None:
    for name, option in clicks:
        if name == "button":
            page.get_by_role("button", name=option, exact=True).click()
        else:
            page.locator(f'select[name="{name}"]').select_option(option)
        page.wait_for_selector('#explorer-app[aria-busy="false"]')


def count(page: Page) -> int:
    """How many images are found."""
    return int(page.locator(".found").inner_text().split()[0].replace(",", ""))


def thumbs(page: Page) -> list[str]:
    """The names of the images found, as far as they are shown."""
    found = page.locator(".thumbs button")
    return [(found.nth(k).get_attribute("title") or "").partition(",")[0] for k in range(found.count())]


def title(page: Page) -> str:
    return page.locator(".shown .title").inner_text().partition(":")[0]


def chosen(page: Page, name: str) -> str:
    return page.locator(f'select[name="{name}"]').input_value()
