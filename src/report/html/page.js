
(() => {
  const form = document.getElementById('filters');
  const files = [...document.querySelectorAll('.file')].map((file) => ({
    file,
    path: file.querySelector('summary').textContent.toLowerCase(),
    all: [...file.querySelectorAll('article')].map((article) => ({
      article,
      text: article.querySelector('h2').textContent.toLowerCase(),
    })),
  }));
  const apply = () => {
    const data = new FormData(form);
    const severities = new Set(data.getAll('severity'));
    const rule = data.get('rule');
    const text = data.get('text').trim().toLowerCase();
    const fixable = data.has('fixable');
    let count = 0;
    for (const { file, path, all } of files) {
      let some = false;
      for (const one of all) {
        const { severity, rule: own } = one.article.dataset;
        const fits = severities.has(severity) && (!rule || own === rule)
          && (!fixable || 'fixable' in one.article.dataset)
          && (!text || path.includes(text) || one.text.includes(text));
        one.article.hidden = !fits;
        some = some || fits;
        count += fits ? 1 : 0;
      }
      file.hidden = !some;
    }
    document.getElementById('count').textContent = count + ' shown';
    document.getElementById('none').hidden = count > 0;
  };
  form.addEventListener('input', apply);
  form.addEventListener('submit', (event) => event.preventDefault());
  apply();
})();
