document.documentElement.classList.add("js"); // before the first paint: what scripts will show has its place at once
